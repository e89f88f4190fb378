/** Finds PEM blocks (RFC 7468) anywhere in bytes: in files of their own, in configurations, inside programs. */
import { type Blob, memoryBlob, textIn } from '../../lib/blob.ts';

export interface PemBlock {
  /** `RSA PRIVATE KEY`, `CERTIFICATE` … */
  readonly label: string;
  readonly der: Uint8Array;
  /** RFC 1421 headers say that the body is encrypted. */
  readonly encrypted: boolean;
  readonly offset: number;
  /** The block as text, for what takes PEM. */
  readonly text: string;
}

/** Blocks that are read from one piece of bytes; who gets so many must tell that there may be more. */
export const MAX_BLOCKS = 4000;
const MAX_BODY = 256 << 10;
/** What is read first of a body: as a rule all of it. */
const USUAL_BODY = 8 << 10;
/** What every block begins with. */
export const PEM_BEGIN = '-----BEGIN ';
const END = '-----';

/** Blocks with a body that is base64; markers without one (format strings of libraries) are passed over. Linear in the bytes. */
export function pemBlocks(bytes: Uint8Array): readonly PemBlock[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return pemBlocksAt(memoryBlob(bytes), beginnings(buffer));
}

function* beginnings(buffer: Buffer): Generator<number> {
  for (let at = buffer.indexOf(PEM_BEGIN); at !== -1; at = buffer.indexOf(PEM_BEGIN, at + PEM_BEGIN.length)) yield at;
}

/** The same where it is known where blocks may begin, in order. */
export function pemBlocksAt(content: Blob, places: Iterable<number>): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let next = 0;
  for (const at of places) {
    if (at < next) continue;
    if (blocks.length === MAX_BLOCKS) break;
    const label = /^([A-Z0-9 ]{1,48})-----/.exec(textIn(content, at + PEM_BEGIN.length, 70 - PEM_BEGIN.length))?.[1];
    next = at + PEM_BEGIN.length;
    if (label === undefined) continue;
    const start = next + label.length + END.length;
    const body = bodyAt(content, start);
    const block = body === undefined ? undefined : blockOf(label, body, at);
    if (block !== undefined) blocks.push(block);
    // A marker without an end would make every later one search the same bytes again.
    next = start + (body === undefined ? MAX_BODY : body.length);
  }
  return blocks;
}

/** The text up to the next marker; undefined where there is none in reach. */
function bodyAt(content: Blob, start: number): string | undefined {
  for (const size of [USUAL_BODY, MAX_BODY]) {
    const bytes = content.read(start, size);
    const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(END);
    if (end !== -1) return textIn(content, start, end);
    if (bytes.length < size) return undefined;
  }
  return undefined;
}

/** OpenPGP's armour: headers up to an empty line, and a line with a checksum (RFC 9580 §6.2). */
function unarmored(text: string): string {
  const start = /\n[ \t]*\r?\n/.exec(text);
  return (start === null ? text : text.slice(start.index)).replace(/\n\s*=[A-Za-z0-9+/]{4}\s*$/, '');
}

/** Escaped line ends (`\n` in C strings, JSON and scripts) count as line ends. */
function blockOf(label: string, raw: string, offset: number): PemBlock | undefined {
  const unescaped = raw.replace(/\\[rn]/g, '\n').replace(/\0/g, '\n');
  const encrypted = /Proc-Type:\s*4,ENCRYPTED/.test(unescaped);
  const split = encrypted ? unescaped.search(/\r?\n\s*\r?\n/) : -1;
  const body = (label.startsWith('PGP ') ? unarmored(unescaped) : unescaped.slice(split === -1 ? 0 : split)).replace(
    /["'\\\s+;,]/g,
    (character) => (character === '+' ? '+' : ''),
  );
  if (body.length < 24 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return undefined;
  const der = new Uint8Array(Buffer.from(body, 'base64'));
  return { label, der, encrypted, offset, text: `-----BEGIN ${label}-----${unescaped}-----END ${label}-----\n` };
}
