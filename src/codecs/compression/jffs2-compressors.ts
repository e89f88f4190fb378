/** The small compressors that only JFFS2 has: rtime and both kinds of rubin. */
import { FaultError } from '../../lib/fault.ts';

/** Each byte is followed by how many to repeat from after its last occurrence. */
export function unrtime(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  const last = new Uint32Array(256);
  let from = 0;
  let to = 0;
  while (to < size) {
    if (from + 2 > input.length) throw new FaultError('truncated', 'rtime data ends too early');
    const value = input[from]!;
    const repeat = input[from + 1]!;
    from += 2;
    output[to] = value;
    to += 1;
    const back = last[value]!;
    last[value] = to;
    if (to + repeat > size) throw new FaultError('malformed', 'rtime data goes beyond its size');
    for (let i = 0; i < repeat; i += 1) output[to + i] = output[back + i]!;
    to += repeat;
  }
  return output;
}

const UPPER = 1 << 15;
const MIPS_BITS = [277, 249, 290, 267, 229, 341, 212, 241];

/** Arithmetic coding with 16-bit registers, and a fixed probability for each of the eight bits of a byte. */
function rubin(input: Uint8Array, size: number, divider: number, bits: ArrayLike<number>): Uint8Array {
  const output = new Uint8Array(size);
  let bitAt = 0;
  const pull = (): number => {
    const byte = input[bitAt >> 3] ?? 0;
    if (bitAt >> 3 > input.length + 4) throw new FaultError('truncated', 'rubin data ends too early');
    const bit = (byte >> (7 - (bitAt & 7))) & 1;
    bitAt += 1;
    return bit;
  };
  let q = 0;
  let p = 2 * UPPER;
  let code = 0;
  for (let i = 0; i < 16; i += 1) code = code * 2 + pull();
  for (let at = 0; at < size; at += 1) {
    let value = 0;
    for (let i = 0; i < 8; i += 1) {
      while (q >= UPPER || p + q <= UPPER) {
        q = (q & (UPPER - 1)) << 1;
        p <<= 1;
        code = ((code & (UPPER - 1)) << 1) + pull();
      }
      const ones = bits[i]!;
      let zero = Math.floor(((divider - ones) * p) / divider);
      if (zero <= 0) zero = 1;
      if (zero >= p) zero = p - 1;
      if (code < q + zero) p = zero;
      else {
        p -= zero;
        q += zero;
        value |= 1 << i;
      }
    }
    output[at] = value;
  }
  return output;
}

export const unrubinMips = (input: Uint8Array, size: number): Uint8Array => rubin(input, size, 1043, MIPS_BITS);

export function undynrubin(input: Uint8Array, size: number): Uint8Array {
  if (input.length < 8) throw new FaultError('truncated', 'rubin data ends too early');
  return rubin(input.subarray(8), size, 256, input.subarray(0, 8));
}
