/** SEAMA images of D-Link and others: entities with metadata, one after another. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

interface Entity {
  readonly data: number;
  readonly end: number;
  readonly meta: string;
}

/** A header of 12 bytes, an MD5 when there is data, metadata as NUL-ended `key=value`, data. */
function entityAt(blob: Blob, at: number): Entity | undefined {
  const head = header(blob, at, 12);
  if (head === undefined || head.readUInt32BE(0) !== 0x5ea3a417) return undefined;
  const metaSize = head.readUInt16BE(6);
  const size = head.readUInt32BE(8);
  const meta = at + 12 + (size > 0 ? 16 : 0);
  const text = printable(
    Buffer.from(blob.read(meta, Math.min(metaSize, 1024))).map((byte) => (byte === 0 ? 0x20 : byte)),
  );
  if (text === undefined || !text.includes('=') || meta + metaSize > blob.size) return undefined;
  return { data: meta + metaSize, end: meta + metaSize + size, meta: text };
}

function entities(blob: Blob, offset: number): Entity[] {
  const found: Entity[] = [];
  for (let at = offset; found.length < 64; ) {
    const entity = entityAt(blob, at);
    if (entity === undefined) break;
    found.push(entity);
    at = entity.end;
  }
  return found;
}

export const seama: Unpacker = {
  id: 'image/seama',
  title: 'SEAMA image',
  class: 'image',
  magic: [{ bytes: [0x5e, 0xa3, 0xa4, 0x17] }],
  locate(blob, offset) {
    const found = entities(blob, offset);
    const last = found.at(-1);
    return last === undefined
      ? undefined
      : {
          start: offset,
          end: last.end,
          note: found
            .map(({ meta }) => meta)
            .join('; ')
            .slice(0, 200),
        };
  },
  async unpack(container, into) {
    for (const [index, { data, end, meta }] of entities(container, 0).entries())
      if (end > data) await into.part(/type=(\w+)/.exec(meta)?.[1] ?? `${index}`, container.slice(data, end));
  },
};
