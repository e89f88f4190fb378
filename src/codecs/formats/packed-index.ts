/** Package indices as feeds hand them out: `Packages.gz`, `Packages.xz`, unpacked in memory within bounds. */
import { gunzipSync } from 'node:zlib';
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { unxz } from '../compression/xz.ts';

const MOST_PACKED = 32 << 20;
const MOST_UNPACKED = 64 << 20;

/** The index within; nothing for a blob that is not packed. Throws FaultError. */
export function unpackedIndex(blob: Blob): Blob | undefined {
  const [first, second] = blob.read(0, 2);
  const gzip = first === 0x1f && second === 0x8b;
  if (!gzip && !(first === 0xfd && second === 0x37)) return undefined;
  if (blob.size > MOST_PACKED) throw new FaultError('over-budget', `a packed index of ${blob.size} bytes`);
  const bytes = blob.read(0, blob.size);
  try {
    return memoryBlob(gzip ? gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED }) : unxz(bytes, MOST_UNPACKED));
  } catch (error) {
    if (error instanceof FaultError) throw error;
    throw new FaultError('malformed', 'a packed index that cannot be unpacked', { cause: error });
  }
}
