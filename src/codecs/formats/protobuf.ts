/** Protocol buffers on the wire: the fields of one message, by number (protobuf encoding guide). */
import { FaultError } from '../../lib/fault.ts';

export type Field = bigint | Buffer;

/** Fields in order; a number that comes more than once keeps all. Throws FaultError `malformed`. */
export function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, readonly Field[]> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = all[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new FaultError('malformed', 'protobuf: a number without end');
  };
  while (at < all.length) {
    const key = varint();
    const kind = Number(key & 7n);
    let value: Field;
    if (kind === 0) value = varint();
    else {
      const size = kind === 2 ? Number(varint()) : kind === 1 ? 8 : kind === 5 ? 4 : -1;
      if (size < 0 || at + size > all.length) throw new FaultError('malformed', 'protobuf: a field out of bounds');
      value = all.subarray(at, at + size);
      at += size;
    }
    const number = Number(key >> 3n);
    const known = found.get(number);
    if (known === undefined) found.set(number, [value]);
    else known.push(value);
    if (found.size > 1024) throw new FaultError('over-budget', 'protobuf: too many fields');
  }
  return found;
}

export const octetsOf = (fields: ReadonlyMap<number, readonly Field[]>, number: number): Buffer | undefined => {
  const value = fields.get(number)?.at(-1);
  return Buffer.isBuffer(value) ? value : undefined;
};
export const numberOf = (fields: ReadonlyMap<number, readonly Field[]>, number: number): number | undefined => {
  const value = fields.get(number)?.at(-1);
  return typeof value === 'bigint' ? Number(value) : undefined;
};
