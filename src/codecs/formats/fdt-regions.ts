/** The byte ranges of a device tree that a FIT signature covers (U-Boot, "FIT signature": hashed nodes and their properties). */
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';
import { align, textOf } from './fields.ts';

/** Properties that lie outside the signature: the image data, which its own hash node binds. */
const OUTSIDE: ReadonlySet<string> = new Set(['data', 'data-size', 'data-position', 'data-offset']);
const MOST_DEPTH = 32;

export interface Signed {
  readonly regions: readonly Range[];
  /** Bytes of the strings block up to the end of the last name that a signed property has. */
  readonly names: number;
}

/**
 * Ranges of the structure block, counted from its start, in order. A listed node is hashed with its properties and the
 * names of its children; of its ancestors only what is listed. This is how U-Boot's reader walks.
 */
export function signedRegions(structure: Buffer, strings: Buffer, listed: ReadonlySet<string>): Signed {
  let names = 0;
  const regions: { start: number; end: number }[] = [];
  const wants: number[] = [];
  const path: string[] = [];
  let start = -1;
  let want = 0;
  for (let at = 0; ; ) {
    const { token, next, name, named } = tokenAt(structure, strings, at);
    let stop = next;
    let include: boolean;
    if (token === 1) {
      if (path.length >= MOST_DEPTH) throw new FaultError('over-budget', 'device tree too deep');
      path.push(name);
      wants.push(want);
      if (want === 1) stop = at;
      if (listed.has(path.length === 1 ? '/' : `/${path.slice(1).join('/')}`)) want = 2;
      else if (want > 0) want -= 1;
      else stop = at;
      include = want > 0;
    } else if (token === 2) {
      include = want > 0;
      want = wants.pop() ?? 0;
      path.pop();
    } else if (token === 3) {
      include = want >= 2 && !OUTSIDE.has(name);
      if (include) names = Math.max(names, named);
      stop = at;
    } else if (token === 9) include = true;
    else {
      include = want >= 2;
      stop = at;
    }
    if (include && start === -1) {
      const last = regions.at(-1);
      if (last !== undefined && last.end === at) {
        start = last.start;
        regions.pop();
      } else start = at;
    }
    if (!include && start !== -1) {
      regions.push({ start, end: stop });
      start = -1;
    }
    at = next;
    if (token === 9) break;
    if (regions.length > 10_000) throw new FaultError('over-budget', 'too many signed regions');
  }
  if (start !== -1) regions.push({ start, end: endOf(structure, strings) });
  return { regions, names };
}

function endOf(structure: Buffer, strings: Buffer): number {
  for (let at = 0; ; ) {
    const { token, next } = tokenAt(structure, strings, at);
    if (token === 9) return next;
    at = next;
  }
}

interface Token {
  readonly token: number;
  readonly next: number;
  readonly name: string;
  /** Where the name of a property ends in the strings block. */
  readonly named: number;
}

function tokenAt(structure: Buffer, strings: Buffer, at: number): Token {
  if (at + 4 > structure.length) throw new FaultError('malformed', 'device tree without end');
  const token = structure.readUInt32BE(at);
  if (token === 1) {
    const end = structure.indexOf(0, at + 4);
    if (end === -1) throw new FaultError('malformed', 'device tree node without a name');
    return { token, next: align(end + 1, 4), name: textOf(structure.subarray(at + 4, end)), named: 0 };
  }
  if (token !== 3) {
    if (token !== 2 && token !== 4 && token !== 9) throw new FaultError('malformed', `device tree token ${token}`);
    return { token, next: at + 4, name: '', named: 0 };
  }
  if (at + 12 > structure.length) throw new FaultError('malformed', 'device tree ends inside a property');
  const size = structure.readUInt32BE(at + 4);
  const key = structure.readUInt32BE(at + 8);
  if (at + 12 + size > structure.length || key >= strings.length)
    throw new FaultError('malformed', 'device tree property out of bounds');
  const end = strings.indexOf(0, key);
  if (end === -1) throw new FaultError('malformed', 'device tree property without a name');
  return { token, next: align(at + 12 + size, 4), name: textOf(strings.subarray(key, end)), named: end + 1 };
}
