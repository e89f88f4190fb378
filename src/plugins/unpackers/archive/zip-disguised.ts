/** Zip files whose marks a vendor changed: Dahua's begins with DH, Instar's has other numbers behind PK. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';

const TAIL = 65_557;
/** What stands in Instar's files for the marks of a member, of the directory and of its end. */
const MARKS: readonly (readonly [Buffer, Buffer])[] = [
  [Buffer.from('504b0307', 'hex'), Buffer.from('504b0304', 'hex')],
  [Buffer.from('504b0108', 'hex'), Buffer.from('504b0102', 'hex')],
  [Buffer.from('504b0509', 'hex'), Buffer.from('504b0506', 'hex')],
];

/** Where the end record with the bytes `mark` ends, when it is the last thing in the blob. */
function endOf(blob: Blob, mark: Buffer): number | undefined {
  const from = Math.max(0, blob.size - TAIL);
  const tail = Buffer.from(blob.read(from, TAIL));
  const at = tail.lastIndexOf(mark);
  return at < 0 || at + 22 > tail.length ? undefined : from + at + 22 + tail.readUInt16LE(at + 20);
}

function* repaired(container: Blob): Generator<Uint8Array> {
  if (container.read(0, 1)[0] === 0x44) {
    yield Buffer.from('PK');
    yield* chunksOf(container.slice(2));
    return;
  }
  // A mark may lie across two chunks: three bytes are kept back.
  let kept = Buffer.alloc(0);
  for (const chunk of chunksOf(container)) {
    const bytes = Buffer.concat([kept, chunk]);
    for (const [mark, real] of MARKS)
      for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 4)) real.copy(bytes, at);
    yield bytes.subarray(0, Math.max(0, bytes.length - 3));
    kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - 3)));
  }
  yield kept;
}

export const zipDisguised: Unpacker = {
  id: 'archive/zip-disguised',
  title: 'Zip file with changed marks',
  class: 'compression',
  magic: [{ bytes: ascii('DH\x03\x04') }, { bytes: ascii('PK\x03\x07') }],
  locate(blob, offset) {
    const head = header(blob, offset, 30);
    if (head === undefined || head[4]! > 63 || ![0, 8].includes(head.readUInt16LE(8))) return undefined;
    const length = head.readUInt16LE(26);
    const name = length > 0 && length < 256 ? printable(blob.read(offset + 30, length)) : undefined;
    if (name === undefined || name === '') return undefined;
    const dahua = head[0] === 0x44;
    const end = endOf(blob, dahua ? Buffer.from('504b0506', 'hex') : MARKS[2]![0]);
    return end === undefined || end <= offset || end > blob.size
      ? undefined
      : { start: offset, end, note: dahua ? 'Dahua' : 'Instar' };
  },
  unpack: async (container, into) => into.part('data', repaired(container)),
};
