/** Indices of package feeds: `Packages` of opkg and apt, `Release` of apt. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';

const MOST_SIZE = 64 << 20;
const MOST_STANZAS = 300_000;
const MOST_LISTED = 20_000;

export interface Stanza extends Range {
  readonly name: string;
  readonly file: string;
  readonly size?: number;
  /** Hex. */
  readonly sha256?: string;
}

/** An index of packages by its first stanza: a package with the file that it lies in. */
export function isFeedIndex(artefact: Blob, name: string): boolean {
  const head = Buffer.from(artefact.read(0, 64 * 1024)).toString('latin1');
  if (!/^(Package|Filename|Architecture|Version): \S/.test(head)) return false;
  const stanza = head.split('\n\n', 1)[0] ?? '';
  return /^Package: \S/m.test(stanza) && (/^Filename: \S/m.test(stanza) || name === 'Packages');
}

function textOf(artefact: Blob): string {
  if (artefact.size > MOST_SIZE) throw new FaultError('over-budget', `an index of ${artefact.size} bytes`);
  return Buffer.from(artefact.read(0, artefact.size)).toString('latin1');
}

/** Every stanza with what it says of its file. Throws FaultError `over-budget`. */
export function stanzasOf(artefact: Blob): readonly Stanza[] {
  const text = textOf(artefact);
  const found: Stanza[] = [];
  for (let start = 0; start < text.length; ) {
    const blank = text.indexOf('\n\n', start);
    const end = blank === -1 ? text.length : blank + 1;
    if (found.length === MOST_STANZAS) throw new FaultError('over-budget', `more than ${MOST_STANZAS} packages`);
    const stanza = stanzaOf(text.slice(start, end));
    if (stanza !== undefined) found.push({ ...stanza, start, end });
    start = end;
    while (text[start] === '\n') start += 1;
  }
  return found;
}

function stanzaOf(text: string): Omit<Stanza, 'start' | 'end'> | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    // A field that comes twice could be read either way: then it says nothing.
    if (colon > 0 && !line.startsWith(' ')) {
      const key = line.slice(0, colon).toLowerCase();
      fields.set(key, fields.has(key) ? '' : line.slice(colon + 1).trim());
    }
  }
  if (fields.size === 0) return undefined;
  const sha256 = (fields.get('sha256sum') ?? fields.get('sha256') ?? '').toLowerCase();
  const size = fields.get('size') ?? '';
  return {
    name: fields.get('package') ?? '',
    file: (fields.get('filename') ?? '').replace(/^\.\//, ''),
    ...(/^\d{1,15}$/.test(size) ? { size: Number(size) } : {}),
    ...(/^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {}),
  };
}

export interface Listed {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Release {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly Listed[];
}

/** The fields of a Release file, and the files of its SHA-256 list. */
export function releaseOf(text: string): Release {
  const fields = new Map<string, string>();
  const files: Listed[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    if (line.startsWith(' ')) {
      const [hash = '', size = '', path = ''] = line.trim().split(/ +/);
      if (section !== 'sha256' || !/^[0-9a-f]{64}$/.test(hash) || !/^\d{1,15}$/.test(size) || path === '') continue;
      if (files.length === MOST_LISTED)
        throw new FaultError('over-budget', `more than ${MOST_LISTED} files in a Release`);
      files.push({ path: path.replace(/^\.\//, ''), size: Number(size), sha256: hash });
      continue;
    }
    const colon = line.indexOf(':');
    section = colon === -1 ? '' : line.slice(0, colon).toLowerCase();
    if (section !== '') fields.set(section, line.slice(colon + 1).trim());
  }
  return { fields, files };
}
