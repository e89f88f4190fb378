/** Android device tree overlays (dtbo): a table and the overlays it names. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

function overlays(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, 32);
  if (head === undefined) return undefined;
  const [total, size, entry, count, first] = [4, 8, 12, 16, 20].map((at) => head.readUInt32BE(at));
  if (size !== 32 || entry !== 32 || count === 0 || count! > 1024 || first! < 32) return undefined;
  const table = first! + count! * 32;
  const entries = header(blob, offset + first!, count! * 32);
  if (entries === undefined || total! < table) return undefined;
  const partitions: Partition[] = [];
  for (let index = 0; index < count!; index++) {
    const start = entries.readUInt32BE(index * 32 + 4);
    const end = start + entries.readUInt32BE(index * 32);
    if (start < table || end > total!) return undefined;
    partitions.push({ name: `dtbo-${index}`, start, end });
  }
  return { end: total!, note: `${count} overlays`, table, partitions };
}

export const androidOverlays = headed(
  { id: 'image/android-overlays', title: 'Android device tree overlays', magic: [{ bytes: [0xd7, 0xb7, 0xab, 0x1e] }] },
  overlays,
);
