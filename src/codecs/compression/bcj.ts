/** Filters that undo what was done to machine code before it was compressed (xz file format, section 5.3). */
import { FaultError } from '../../lib/fault.ts';

/** Works in place on `bytes`, the first of which is at `position` of the stream; gives the number of bytes that are done. */
export type Filter = (bytes: Uint8Array, position: number) => number;

const high = (byte: number): boolean => byte === 0 || byte === 0xff;
const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;
const be32 = (b: Uint8Array, i: number): number =>
  ((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!) >>> 0;
function put32(b: Uint8Array, i: number, value: number): void {
  b[i] = value;
  b[i + 1] = value >>> 8;
  b[i + 2] = value >>> 16;
  b[i + 3] = value >>> 24;
}

/** Whether a call is trusted, by the opcodes seen in the bytes before it. */
const TRUSTED = [true, true, true, false, true, false, false, false];
const BIT_NUMBER = [0, 1, 2, 2, 3, 3, 3, 3];

function x86(): Filter {
  let mask = 0;
  let last = -5;
  return (b, position) => {
    if (b.length < 5) return 0;
    if (position - last > 5) last = position - 5;
    const limit = b.length - 5;
    let at = 0;
    while (at <= limit) {
      if ((b[at]! & 0xfe) !== 0xe8) {
        at += 1;
        continue;
      }
      const offset = position + at - last;
      last = position + at;
      if (offset > 5) mask = 0;
      else for (let i = 0; i < offset; i += 1) mask = (mask & 0x77) << 1;
      const top = b[at + 4]!;
      if (!(high(top) && TRUSTED[(mask >> 1) & 7] && mask >> 1 < 16)) {
        at += 1;
        mask |= high(top) ? 0x11 : 1;
        continue;
      }
      let source = le32(b, at + 1);
      let target = 0;
      for (;;) {
        target = (source - (position + at + 5)) >>> 0;
        if (mask === 0) break;
        const bits = BIT_NUMBER[mask >> 1]! * 8;
        if (!high((target >>> (24 - bits)) & 0xff)) break;
        source = (target ^ (bits === 0 ? 0xffffffff : (1 << (32 - bits)) - 1)) >>> 0;
      }
      put32(b, at + 1, target);
      b[at + 4] = (target >>> 24) & 1 ? 0xff : 0;
      at += 5;
      mask = 0;
    }
    return at;
  };
}

const powerPc: Filter = (b, position) => {
  let i = 0;
  for (; i + 4 <= b.length; i += 4) {
    if (b[i]! >> 2 !== 0x12 || (b[i + 3]! & 3) !== 1) continue;
    const target = ((be32(b, i) & 0x03fffffc) - (position + i)) >>> 0;
    b[i] = 0x48 | ((target >>> 24) & 3);
    b[i + 1] = target >>> 16;
    b[i + 2] = target >>> 8;
    b[i + 3] = (b[i + 3]! & 3) | (target & 0xfc);
  }
  return i;
};

const SLOTS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 6, 6, 0, 0, 7, 7, 4, 4, 0, 0, 4, 4, 0, 0];

const ia64: Filter = (b, position) => {
  let i = 0;
  for (; i + 16 <= b.length; i += 16) {
    const slots = SLOTS[b[i]! & 0x1f]!;
    for (let slot = 0; slot < 3; slot += 1) {
      if (((slots >> slot) & 1) === 0) continue;
      const at = i + ((5 + slot * 41) >> 3);
      const shift = BigInt((5 + slot * 41) & 7);
      let word = 0n;
      for (let k = 0; k < 6; k += 1) word |= BigInt(b[at + k]!) << BigInt(8 * k);
      let code = word >> shift;
      if (((code >> 37n) & 0xfn) !== 5n || ((code >> 9n) & 7n) !== 0n) continue;
      const source = (Number((code >> 13n) & 0xfffffn) | (Number((code >> 36n) & 1n) << 20)) << 4;
      const target = BigInt(((source - (position + i)) >>> 0) >>> 4);
      code = (code & ~(0x8fffffn << 13n)) | ((target & 0xfffffn) << 13n) | ((target & 0x100000n) << 16n);
      word = (word & ((1n << shift) - 1n)) | (code << shift);
      for (let k = 0; k < 6; k += 1) b[at + k] = Number((word >> BigInt(8 * k)) & 0xffn);
    }
  }
  return i;
};

const arm: Filter = (b, position) => {
  let i = 0;
  for (; i + 4 <= b.length; i += 4) {
    if (b[i + 3] !== 0xeb) continue;
    const target = (((le32(b, i) & 0xffffff) << 2) - (position + i + 8)) >>> 2;
    b[i] = target;
    b[i + 1] = target >>> 8;
    b[i + 2] = target >>> 16;
  }
  return i;
};

const armThumb: Filter = (b, position) => {
  let i = 0;
  for (; i + 4 <= b.length; i += 2) {
    if ((b[i + 1]! & 0xf8) !== 0xf0 || (b[i + 3]! & 0xf8) !== 0xf8) continue;
    const source = ((b[i + 1]! & 7) << 19) | (b[i]! << 11) | ((b[i + 3]! & 7) << 8) | b[i + 2]!;
    const target = ((source << 1) - (position + i + 4)) >>> 1;
    b[i + 1] = 0xf0 | ((target >>> 19) & 7);
    b[i] = target >>> 11;
    b[i + 3] = 0xf8 | ((target >>> 8) & 7);
    b[i + 2] = target;
    i += 2;
  }
  return i;
};

const arm64: Filter = (b, position) => {
  let i = 0;
  for (; i + 4 <= b.length; i += 4) {
    const word = le32(b, i);
    const counter = position + i;
    if (word >>> 26 === 0x25) {
      put32(b, i, (0x94000000 | ((word - (counter >>> 2)) & 0x03ffffff)) >>> 0);
    } else if ((word & 0x9f000000) >>> 0 === 0x90000000) {
      const source = ((word >>> 29) & 3) | ((word >>> 3) & 0x1ffffc);
      if (((source + 0x20000) & 0x1c0000) !== 0) continue;
      const target = source - (counter >>> 12);
      put32(
        b,
        i,
        (word & 0x9000001f) | ((target & 3) << 29) | ((target & 0x3fffc) << 3) | (-(target & 0x20000) & 0xe00000),
      );
    }
  }
  return i;
};

const sparc: Filter = (b, position) => {
  let i = 0;
  for (; i + 4 <= b.length; i += 4) {
    const near = b[i] === 0x40 && (b[i + 1]! & 0xc0) === 0;
    const far = b[i] === 0x7f && (b[i + 1]! & 0xc0) === 0xc0;
    if (!near && !far) continue;
    const target = ((be32(b, i) << 2) - (position + i)) >>> 2;
    const signed = ((-((target >>> 22) & 1) << 22) & 0x3fffffff) | (target & 0x3fffff) | 0x40000000;
    b[i] = signed >>> 24;
    b[i + 1] = signed >>> 16;
    b[i + 2] = signed >>> 8;
    b[i + 3] = signed;
  }
  return i;
};

function delta(distance: number): Filter {
  const before = new Uint8Array(distance);
  let at = 0;
  return (b) => {
    for (let i = 0; i < b.length; i += 1) {
      const value = (b[i]! + before[at]!) & 0xff;
      b[i] = value;
      before[at] = value;
      at = at + 1 === distance ? 0 : at + 1;
    }
    return b.length;
  };
}

/** The filter of an id of the xz file format, set up by its properties. */
export function filterOf(id: number, properties: Uint8Array): Filter {
  if (id === 3) return delta((properties[0] ?? 0) + 1);
  const start = properties.length >= 4 ? le32(properties, 0) : 0;
  const filter = plain(id);
  return start === 0 ? filter : (bytes, position) => filter(bytes, position + start);
}

function plain(id: number): Filter {
  switch (id) {
    case 4:
      return x86();
    case 5:
      return powerPc;
    case 6:
      return ia64;
    case 7:
      return arm;
    case 8:
      return armThumb;
    case 9:
      return sparc;
    case 10:
      return arm64;
    default:
      throw new FaultError('unsupported', `xz filter 0x${id.toString(16)} is not known`);
  }
}

/** Runs a filter over chunks; what it cannot decide yet is held back until more comes or the stream ends. */
export class FilterRun {
  readonly #filter: Filter;
  #held: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  push(chunk: Uint8Array): Uint8Array {
    let bytes = chunk;
    if (this.#held.length > 0) {
      bytes = new Uint8Array(this.#held.length + chunk.length);
      bytes.set(this.#held);
      bytes.set(chunk, this.#held.length);
    }
    const done = this.#filter(bytes, this.#position);
    this.#position += done;
    this.#held = bytes.slice(done);
    return bytes.subarray(0, done);
  }

  end(): Uint8Array {
    return this.#held;
  }
}
