/** Ar archives as System V, GNU and BSD write them: Debian packages and static libraries. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { header, textOf } from './fields.ts';

export interface ArMember {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly start: number;
  readonly size: number;
  readonly next: number;
}

export const AR_MAGIC = '!<arch>\n';

/** Members with content; name and symbol tables are left out. Returns where the archive ends. */
export function* arMembers(blob: Blob): Generator<ArMember, number> {
  let names: Uint8Array = new Uint8Array(0);
  let at = AR_MAGIC.length;
  for (;;) {
    const head = header(blob, at, 60);
    if (head === undefined || head[58] !== 0x60 || head[59] !== 0x0a) return at;
    const field = (from: number, to: number): string => head.toString('latin1', from, to).trim();
    const size = Number(/^\d{1,10}$/.test(field(48, 58)) ? field(48, 58) : Number.NaN);
    if (Number.isNaN(size)) throw new FaultError('malformed', 'ar member of no size');
    let start = at + 60;
    const next = start + size + (size & 1);
    const plain = field(0, 16);
    at = next;
    if (plain === '//') {
      names = blob.read(start, Math.min(size, 1 << 20));
      continue;
    }
    if (plain === '/' || plain === '/SYM64/' || plain.startsWith('__.SYMDEF')) continue;
    let name = plain.replace(/\/$/, '');
    let left = size;
    const long = /^#1\/(\d{1,4})$/.exec(plain);
    const reference = /^\/(\d{1,8})$/.exec(plain);
    if (long !== null) {
      const length = Math.min(Number(long[1]), size);
      name = textOf(blob.read(start, length));
      start += length;
      left -= length;
    } else if (reference !== null) {
      const from = names.subarray(Number(reference[1]));
      const end = from.indexOf(0x0a);
      name = textOf(end === -1 ? from.subarray(0, 255) : from.subarray(0, end)).replace(/\/$/, '');
    }
    yield {
      name,
      mode: Number.parseInt(field(40, 48), 8) & 0o7777,
      uid: Number(field(28, 34)) || 0,
      gid: Number(field(34, 40)) || 0,
      mtime: Number(field(16, 28)) || 0,
      start,
      size: left,
      next,
    };
  }
}
