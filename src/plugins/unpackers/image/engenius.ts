/** Images of EnGenius: a header with the model, then a payload behind an XOR with eight bytes. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const KEY = Buffer.from('ac783c9ecf67b359', 'hex');
const FIXED = 0x88;
/** Zeros behind the key show it: looked for in so many bytes. */
const WINDOW = 1 << 20;

interface Image {
  readonly start: number;
  readonly end: number;
  readonly model: string;
}

function imageAt(blob: Blob, offset: number): Image | undefined {
  const head = header(blob, offset, FIXED);
  const size = head?.readUInt32BE(FIXED - 4) ?? 0;
  const end = head?.readUInt32BE(32) ?? 0;
  if (size === 0 || size > 64 || end <= FIXED + size) return undefined;
  const model = printable(blob.read(offset + FIXED, size));
  return model === undefined || model === '' ? undefined : { start: FIXED + size, end, model };
}

function* plain(payload: Blob, phase: number): Generator<Uint8Array> {
  let at = 0;
  for (const chunk of chunksOf(payload)) {
    const out = new Uint8Array(chunk.length);
    for (let index = 0; index < chunk.length; index++) out[index] = chunk[index]! ^ KEY[(at + index + 8 - phase) % 8]!;
    at += chunk.length;
    yield out;
  }
}

export const engenius: Unpacker = {
  id: 'image/engenius',
  title: 'EnGenius image',
  class: 'image',
  magic: [{ bytes: [0x12, 0x34, 0x56, 0x78, 0x61, 0x6c, 0x6c], at: 0x5c }],
  locate(blob, offset) {
    const found = imageAt(blob, offset);
    return found === undefined ? undefined : { start: offset, end: offset + found.end, note: found.model };
  },
  async unpack(container, into) {
    const found = imageAt(container, 0);
    if (found === undefined) throw new FaultError('malformed', 'the header is gone');
    const payload = container.slice(found.start, found.end);
    // Twice in a row is no coincidence.
    const seen = Buffer.from(payload.read(0, WINDOW)).indexOf(Buffer.concat([KEY, KEY]));
    if (seen < 0) {
      into.note({ start: found.start, end: found.end, what: 'payload behind an unknown key', kind: 'encrypted' });
      throw new FaultError('encrypted', 'the payload is encrypted by another key than the known one');
    }
    await into.part('payload', plain(payload, seen % 8));
  },
};
