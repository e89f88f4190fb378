/** The bytes of a file that a fact points at, as evidence: the line, or what lies from the offset on; secrets blacked out in place. */
import { createHash } from 'node:crypto';
import type { Blob } from '../../lib/blob.ts';
import { isText } from '../../lib/hex.ts';
import type { EvidenceRef, FactType } from '../model/fact.ts';
import { asterisks, maskSecrets } from './redact.ts';
import { EXCERPT } from './store.ts';

/** Bytes of a file that are searched for the start of a line. */
const SEARCHED = 4 << 20;
/** Bytes before and after an excerpt that tell whether it lies amid a private key. */
const AROUND = 16 << 10;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the lines of one file start, found as far as they are asked for. */
export class Lines {
  readonly #starts = [0];
  readonly #content: Blob;
  #bytes: Buffer | undefined;

  constructor(content: Blob) {
    this.#content = content;
  }

  /** The line without its end; lines count from 1. */
  span(number: number): Span | undefined {
    this.#bytes ??= bufferOf(this.#content.read(0, SEARCHED));
    const bytes = this.#bytes;
    for (let known = this.#starts.length; known < number; known = this.#starts.length) {
      const end = bytes.indexOf(10, this.#starts[known - 1]);
      if (end < 0) return undefined;
      this.#starts.push(end + 1);
    }
    const start = this.#starts[number - 1];
    if (start === undefined || start >= bytes.length) return undefined;
    const end = bytes.indexOf(10, start);
    return { start, end: end < 0 ? bytes.length : end };
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** What lies at `where` (`line 3`, `offset 0x40`), or nothing where that cannot or must not be shown. */
export function excerptAt(
  content: Blob,
  lines: Lines,
  where: string,
  secret: FactType['secret'],
): EvidenceRef | undefined {
  const span = spanOf(content, lines, where);
  if (span === undefined || span.end <= span.start) return undefined;
  const end = Math.min(span.end, span.start + EXCERPT);
  const seen = content.read(span.start, end - span.start);
  const shown = shownOf(content, span.start, seen, secret);
  if (shown === undefined) return undefined;
  const cut = span.end > end && where.startsWith('line');
  return {
    sha256: createHash('sha256').update(shown).digest('hex'),
    mediaType: isText(shown) ? 'text/plain' : 'application/octet-stream',
    size: shown.length,
    locator: cut ? `${where}, first ${shown.length} of ${span.end - span.start} bytes` : where,
    ...(Buffer.compare(shown, seen) === 0 ? {} : { redacted: true }),
    excerpt: Buffer.from(shown).toString('base64'),
    offset: span.start,
  };
}

function spanOf(content: Blob, lines: Lines, where: string): Span | undefined {
  const line = /^line (\d{1,7})\b/.exec(where)?.[1];
  if (line !== undefined) return Number(line) > 0 ? lines.span(Number(line)) : undefined;
  const offset = /^offset (0x[0-9a-f]{1,12}|\d{1,15})\b/.exec(where)?.[1];
  return offset === undefined ? undefined : { start: Number(offset), end: content.size };
}

/**
 * The bytes with an asterisk for each byte of a secret. Rules that need what stands around (a key's first and last line)
 * see it. Where a fact says that it points at a secret, only what can be no part of it remains, or nothing.
 */
function shownOf(content: Blob, start: number, seen: Uint8Array, secret: FactType['secret']): Uint8Array | undefined {
  if (secret === 'after-name') return afterName(seen);
  const from = Math.max(0, start - AROUND);
  const before = start - from;
  const masked = maskSecrets(content.read(from, before + seen.length + AROUND)).subarray(before, before + seen.length);
  if (secret === undefined) return masked;
  const isPem = Buffer.from(seen).subarray(0, 11).toString('latin1') === '-----BEGIN ';
  return isPem && Buffer.compare(masked, seen) !== 0 ? masked : undefined;
}

function afterName(line: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(line).toString('latin1');
  const name = /^\s{0,16}[\w.@-]{1,64}\s?[:=]/.exec(text)?.[0];
  return name === undefined ? undefined : Buffer.from(name + asterisks(text.slice(name.length)), 'latin1');
}
