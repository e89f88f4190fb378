/** Writes the AssemblyScript text of the LZMA decoder: bit reading is spelled out in place, so that the range coder lives in locals. */

const NORMALISE = 'if (range < 0x1000000) { range <<= 8; code = (code << 8) | <u32>load<u8>(input); input += 1; }';

/** Reads one bit under the probability at `address`; runs `zero` or `one`. */
const bit = (address, zero, one) => `
  ${NORMALISE}
  p = ${address}; v = <u32>load<u16>(p); bound = (range >>> 11) * v;
  if (code < bound) { range = bound; store<u16>(p, v + ((2048 - v) >>> 5)); ${zero} }
  else { range -= bound; code -= bound; store<u16>(p, v - (v >>> 5)); ${one} }`;

/** Reads one bit without a branch, since nobody foresees it: `ones` is all ones for a bit of 1. */
const blind = (address) => `
  ${NORMALISE}
  p = ${address}; v = <u32>load<u16>(p); bound = (range >>> 11) * v;
  ones = <u32>(code < bound) - 1;
  range = bound + ((range - bound - bound) & ones);
  code -= bound & ones;
  store<u16>(p, v - (<u32>((<i32>(v + (0xfffff81f & ~ones))) >> 5)));`;

/** One step down a tree of probabilities, kept in `m`. */
const step = (base) => `${blind(`${base} + (m << 1)`)} m = (m << 1) - ones;`;
const repeat = (times, text) => Array.from({ length: times }, () => text).join('\n');

/** Reads a match length (2–273) with the coder at `base` into `length`. */
const length = (base) =>
  bit(
    base,
    `tree = ${base} + 4 + (posState << 4); m = 1; ${repeat(3, step('tree'))} length = m - 8 + 2;`,
    bit(
      `${base} + 2`,
      `tree = ${base} + 260 + (posState << 4); m = 1; ${repeat(3, step('tree'))} length = m - 8 + 10;`,
      `tree = ${base} + 516; m = 1; ${repeat(8, step('tree'))} length = m - 256 + 18;`,
    ),
  );

/** Offsets of the probabilities, in bytes, as the specification lays them out. */
const AT = {
  isMatch: 0,
  isRep: 384,
  isRepG0: 408,
  isRepG1: 432,
  isRepG2: 456,
  isRep0Long: 480,
  posSlot: 864,
  posSpecial: 1376,
  align: 1606,
  matchLength: 1638,
  repLength: 2666,
  literal: 3694,
};

export const lzmaSource = () => `
// The probabilities lie at PROBS; the window and the input wherever the caller puts them.
const PROBS: usize = 4096;
export let range: u32 = 0;
export let code: u32 = 0;
export let input: usize = 0;
export let output: usize = 0;
/** Start of what may be repeated; position 0 of the stream, for the position bits. */
export let history: usize = 0;
export let origin: usize = 0;
let state: u32 = 0;
let rep0: u32 = 0;
let rep1: u32 = 0;
let rep2: u32 = 0;
let rep3: u32 = 0;
let lc: u32 = 3;
let lpMask: u32 = 0;
let pbMask: u32 = 3;

export function place(inputAt: usize, outputAt: usize, historyAt: usize, originAt: usize): void {
  input = inputAt; output = outputAt; history = historyAt; origin = originAt;
}
export function properties(newLc: u32, newLp: u32, newPb: u32): void {
  lc = newLc; lpMask = (1 << newLp) - 1; pbMask = (1 << newPb) - 1;
}
export function reset(literalBits: u32): void {
  state = 0; rep0 = 0; rep1 = 0; rep2 = 0; rep3 = 0;
  const count: usize = 1847 + (<usize>768 << literalBits);
  for (let i: usize = 0; i < count; i++) store<u16>(PROBS + (i << 1), 1024);
}
export function start(): void {
  range = 0xffffffff; code = 0; 
  for (let i: u32 = 0; i < 5; i++) { code = (code << 8) | <u32>load<u8>(input); input += 1; }
}
export function finish(): void {
  if (range < 0x1000000) { range <<= 8; code = (code << 8) | <u32>load<u8>(input); input += 1; }
}
/** 0 the output limit is reached, 1 more input is needed, 2 end marker, 3 a distance before the start, 4 a match beyond the end. */
export function decode(inputSafe: usize, softEnd: usize, hardEnd: usize): u32 {
  let range: u32 = range_(); let code: u32 = code_(); let input: usize = input_(); let output: usize = output_();
  const history: usize = history_(); const origin: usize = origin_();
  let state: u32 = state_(); let rep0: u32 = rep0_(); let rep1: u32 = rep1_(); let rep2: u32 = rep2_(); let rep3: u32 = rep3_();
  const lc: u32 = lc_(); const lpMask: u32 = lpMask_(); const pbMask: u32 = pbMask_();
  let p: usize = 0; let v: u32 = 0; let ones: u32 = 0; let bound: u32 = 0; let m: u32 = 0; let tree: usize = 0; let length: u32 = 0;
  let status: u32 = 0;
  while (true) {
    if (output >= softEnd) { status = 0; break; }
    if (input > inputSafe) { status = 1; break; }
    const posState: u32 = <u32>(output - origin) & pbMask;
    let isLiteral = false;
    ${bit(`PROBS + ${AT.isMatch} + (state << 5) + (posState << 1)`, 'isLiteral = true;', '')}
    if (isLiteral) {
      const before: u32 = output > history ? <u32>load<u8>(output - 1) : 0;
      tree = PROBS + ${AT.literal} + 1536 * <usize>((((<u32>(output - origin) & lpMask) << lc) + (before >>> (8 - lc))));
      m = 1;
      if (state >= 7) {
        if (rep0 >= <u32>(output - history)) { status = 3; break; }
        let matched: u32 = <u32>load<u8>(output - <usize>rep0 - 1);
        let offset: u32 = 0x100;
        for (let i = 0; i < 8; i++) {
          matched <<= 1;
          const matchBit: u32 = matched & offset;
          ${blind('tree + ((offset + matchBit + m) << 1)')}
          m = (m << 1) - ones; offset &= matchBit ^ ~ones;
        }
      } else {
        ${repeat(8, step('tree'))}
      }
      store<u8>(output, <u8>m);
      output += 1;
      state = state < 4 ? 0 : (state < 10 ? state - 3 : state - 6);
      continue;
    }
    let kind: u32 = 0; // 0 new distance, 1 repeated, 2 one byte
    ${bit(
      `PROBS + ${AT.isRep} + (state << 1)`,
      '',
      `kind = 1; if (output == history) { status = 3; break; }
      ${bit(
        `PROBS + ${AT.isRepG0} + (state << 1)`,
        bit(`PROBS + ${AT.isRep0Long} + (state << 5) + (posState << 1)`, 'kind = 2;', ''),
        bit(
          `PROBS + ${AT.isRepG1} + (state << 1)`,
          'const d = rep1; rep1 = rep0; rep0 = d;',
          bit(
            `PROBS + ${AT.isRepG2} + (state << 1)`,
            'const d = rep2; rep2 = rep1; rep1 = rep0; rep0 = d;',
            'const d = rep3; rep3 = rep2; rep2 = rep1; rep1 = rep0; rep0 = d;',
          ),
        ),
      )}`,
    )}
    if (kind == 2) {
      if (rep0 >= <u32>(output - history)) { status = 3; break; }
      store<u8>(output, load<u8>(output - <usize>rep0 - 1));
      output += 1;
      state = state < 7 ? 9 : 11;
      continue;
    }
    tree = 0;
    const coder: usize = kind == 1 ? PROBS + ${AT.repLength} : PROBS + ${AT.matchLength};
    ${length('coder')}
    if (kind == 1) {
      state = state < 7 ? 8 : 11;
    } else {
      rep3 = rep2; rep2 = rep1; rep1 = rep0;
      tree = PROBS + ${AT.posSlot} + (<usize>(length < 6 ? length - 2 : 3) << 7);
      m = 1;
      ${repeat(6, step('tree'))}
      const slot: u32 = m - 64;
      if (slot < 4) {
        rep0 = slot;
      } else {
        const bits: u32 = (slot >>> 1) - 1;
        rep0 = (2 | (slot & 1)) << bits;
        if (slot < 14) {
          tree = PROBS + ${AT.posSpecial} + (<usize>(rep0 - slot) << 1);
          m = 1;
          for (let i: u32 = 0; i < bits; i++) {
            ${blind('tree + (m << 1)')} m = (m << 1) - ones; rep0 += (1 << i) & ones;
          }
        } else {
          let direct: u32 = 0;
          for (let i: u32 = 4; i < bits; i++) {
            ${NORMALISE}
            range >>>= 1;
            code -= range;
            const sign: u32 = 0 - (code >>> 31);
            code += range & sign;
            direct = (direct << 1) + (sign + 1);
          }
          rep0 += direct << 4;
          tree = PROBS + ${AT.align};
          m = 1;
          for (let i: u32 = 0; i < 4; i++) {
            ${blind('tree + (m << 1)')} m = (m << 1) - ones; rep0 += (1 << i) & ones;
          }
          if (rep0 == 0xffffffff) { status = 2; break; }
        }
      }
      state = state < 7 ? 7 : 10;
    }
    if (rep0 >= <u32>(output - history)) { status = 3; break; }
    if (length > <u32>(hardEnd - output)) { status = 4; break; }
    const end: usize = output + length;
    const distance: usize = <usize>rep0 + 1;
    if (distance >= 8) {
      let from: usize = output - distance;
      while (output < end) { store<u64>(output, load<u64>(from)); output += 8; from += 8; }
    } else if (distance == 1) {
      const byte: u64 = <u64>load<u8>(output - 1) * 0x0101010101010101;
      while (output < end) { store<u64>(output, byte); output += 8; }
    } else {
      while (output < end) { store<u8>(output, load<u8>(output - distance)); output += 1; }
    }
    output = end;
  }
  save(range, code, input, output, state, rep0, rep1, rep2, rep3);
  return status;
}
function save(a: u32, b: u32, c: usize, d: usize, e: u32, f: u32, g: u32, h: u32, i: u32): void {
  range = a; code = b; input = c; output = d; state = e; rep0 = f; rep1 = g; rep2 = h; rep3 = i;
}
${[
  'range:u32',
  'code:u32',
  'input:usize',
  'output:usize',
  'history:usize',
  'origin:usize',
  'state:u32',
  'rep0:u32',
  'rep1:u32',
  'rep2:u32',
  'rep3:u32',
  'lc:u32',
  'lpMask:u32',
  'pbMask:u32',
]
  .map((one) => one.split(':'))
  .map(([name, type]) => `// @ts-ignore\n@inline function ${name}_(): ${type} { return ${name}; }`)
  .join('\n')}

const CRC64_TABLE: usize = 16; // 256 entries of 8 bytes, made at first use
let crcReady = false;
/** CRC-64 (ECMA-182, reflected) of [from, to), carried on from \`before\`, low and high halves in memory at 0. */
export function crc64(from: usize, to: usize): void {
  if (!crcReady) {
    for (let i: u32 = 0; i < 256; i++) {
      let r: u64 = i;
      for (let j = 0; j < 8; j++) r = (r & 1) ? (r >>> 1) ^ 0xc96c5795d7870f42 : r >>> 1;
      store<u64>(CRC64_TABLE + (<usize>i << 3), r);
    }
    crcReady = true;
  }
  let crc: u64 = ~load<u64>(0);
  for (let at = from; at < to; at++)
    crc = load<u64>(CRC64_TABLE + (<usize>((<u32>crc ^ <u32>load<u8>(at)) & 0xff) << 3)) ^ (crc >>> 8);
  store<u64>(0, ~crc);
}
`;
