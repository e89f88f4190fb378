/** Unix compress (.Z): LZW with codes of 9 to 16 bits. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const CLEAR = 256;

/** Decodes a .Z file. The format has no end mark: it takes all the bytes there are. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a hot loop whose state must stay in locals
export function* decodeCompress(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  const header = source.take(3);
  if (header[0] !== 0x1f || header[1] !== 0x9d) throw new FaultError('malformed', 'no compress header');
  const most = header[2]! & 0x1f;
  const blockMode = (header[2]! & 0x80) !== 0;
  if (most < 9 || most > 16 || (header[2]! & 0x60) !== 0) throw new FaultError('malformed', 'unknown compress flags');
  const prefix = new Uint16Array(1 << most);
  const suffix = new Uint8Array(1 << most);
  const stack = new Uint8Array((1 << most) + 2);
  for (let i = 0; i < 256; i += 1) suffix[i] = i;
  const output = new Uint8Array(1 << 16);
  let filled = 0;
  let bits = 9;
  let next = blockMode ? 257 : 256;
  let previous = -1;
  let first = 0;
  // Codes come in groups of eight; a group is dropped unread when the width changes.
  let group: Uint8Array = new Uint8Array(0);
  let bitAt = 0;
  for (;;) {
    if (bitAt + bits > group.length * 8) {
      group = source.peek(bits).slice();
      source.position += group.length;
      bitAt = 0;
      if (group.length * 8 < bits) break;
    }
    const at = bitAt >> 3;
    const code =
      ((group[at]! | ((group[at + 1] ?? 0) << 8) | ((group[at + 2] ?? 0) << 16)) >> (bitAt & 7)) & ((1 << bits) - 1);
    bitAt += bits;
    if (code === CLEAR && blockMode) {
      next = 257;
      previous = -1;
      bits = 9;
      group = new Uint8Array(0);
      bitAt = 0;
      continue;
    }
    let depth = 0;
    let walk = code;
    if (previous < 0) {
      if (code > 255) throw new FaultError('malformed', 'the compress data starts with a code that is not there');
    } else if (code >= next) {
      if (code > next) throw new FaultError('malformed', 'the compress data names a code that is not there');
      stack[depth] = first;
      depth += 1;
      walk = previous;
    }
    while (walk > 255) {
      stack[depth] = suffix[walk]!;
      depth += 1;
      walk = prefix[walk]!;
    }
    first = walk;
    stack[depth] = walk;
    depth += 1;
    while (depth > 0) {
      depth -= 1;
      output[filled] = stack[depth]!;
      filled += 1;
      if (filled === output.length) {
        guard.add(filled, source.position);
        yield output.slice();
        filled = 0;
      }
    }
    if (previous >= 0 && next < 1 << most) {
      prefix[next] = previous;
      suffix[next] = first;
      next += 1;
      if (next === 1 << bits && bits < most) {
        bits += 1;
        group = new Uint8Array(0);
        bitAt = 0;
      }
    }
    previous = code;
  }
  guard.add(filled, source.position);
  if (filled > 0) yield output.slice(0, filled);
  return source.position;
}
