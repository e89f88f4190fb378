/** Finds PEM blocks (RFC 7468) anywhere in bytes: in files of their own, in configurations, inside programs. */

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
const BEGIN = '-----BEGIN ';

/** Blocks with a body that is base64; markers without one (format strings of libraries) are passed over. Linear in the bytes. */
export function pemBlocks(bytes: Uint8Array): readonly PemBlock[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: PemBlock[] = [];
  for (let at = buffer.indexOf(BEGIN); at !== -1 && blocks.length < MAX_BLOCKS; ) {
    const label = /^([A-Z0-9 ]{1,48})-----/.exec(buffer.toString('latin1', at + BEGIN.length, at + 70))?.[1];
    let next = at + BEGIN.length;
    if (label !== undefined) {
      const body = next + label.length + 5;
      const window = buffer.subarray(body, body + MAX_BODY);
      const end = window.indexOf('-----');
      const block = end === -1 ? undefined : blockOf(label, window.toString('latin1', 0, end), at);
      if (block !== undefined) blocks.push(block);
      // A marker without an end would make every later one search the same bytes again.
      next = body + (end === -1 ? window.length : end);
    }
    at = buffer.indexOf(BEGIN, next);
  }
  return blocks;
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
