/** Documents that OpenPGP signs in clear (RFC 9580, 7): their text, and where its bytes lie. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';

export interface Cleartext {
  /** As it is signed: without dash escapes, without blanks at the ends of lines. */
  readonly text: string;
  /** All of it, as it is read by others. */
  readonly document: string;
  /** Where the signed bytes lie. */
  readonly ranges: readonly Range[];
}

const MOST_SIZE = 64 << 20;
const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';
const END = '-----END PGP SIGNATURE-----';

export const isCleartext = (artefact: Blob): boolean =>
  Buffer.from(artefact.read(0, BEGIN.length)).toString('latin1') === BEGIN;

interface Line extends Range {
  /** Without blanks at its end. */
  readonly bare: string;
  readonly next: number;
}

function* linesOf(document: string): Generator<Line> {
  for (let start = 0; start < document.length; ) {
    const stop = document.indexOf('\n', start);
    const end = stop === -1 ? document.length : stop;
    let last = end;
    while (last > start && ' \t\r'.includes(document[last - 1]!)) last -= 1;
    const next = stop === -1 ? end : stop + 1;
    yield { start, end, next, bare: document.slice(start, last) };
    start = next;
  }
}

/** A document that is signed in clear and nothing else. Throws FaultError for bytes before, between or behind. */
export function cleartextOf(artefact: Blob): Cleartext {
  if (artefact.size > MOST_SIZE) throw new FaultError('over-budget', `a document of ${artefact.size} bytes`);
  const bytes = Buffer.from(artefact.read(0, artefact.size));
  const lines = [...linesOf(bytes.toString('latin1'))];
  const body = headOf(lines);
  const signature = lines.findIndex(({ bare }, index) => index >= body && bare === SIGNATURE);
  const end = signature === -1 ? -1 : lines.findIndex(({ bare }, index) => index > signature && bare === END);
  if (end === -1) throw new FaultError('truncated', 'a signed document without its signature');
  if (lines.slice(end + 1).some(({ bare }) => bare !== ''))
    throw new FaultError('malformed', 'bytes behind a signed document');
  const content = lines.slice(body, signature).map((line, index, all) => contentOf(line, index === all.length - 1));
  return {
    document: new TextDecoder().decode(bytes),
    text: new TextDecoder().decode(Buffer.from(content.map(({ text }) => text).join('\n'), 'latin1')),
    ranges: content.flatMap(({ ranges }) => ranges),
  };
}

/** The number of the first line of the body. */
function headOf(lines: readonly Line[]): number {
  const empty = lines.findIndex(({ bare }) => bare === '');
  const head = lines.slice(0, Math.max(0, empty));
  if (head[0]?.bare !== BEGIN || !head.slice(1).every(({ bare }) => /^Hash: [A-Za-z0-9, -]{1,200}$/.test(bare)))
    throw new FaultError('malformed', 'a signed document with another head');
  return empty + 1;
}

/** The end of the last line is not signed, nor are blanks at the end of any. */
function contentOf({ start, end, next, bare }: Line, last: boolean): { text: string; ranges: readonly Range[] } {
  const lead = bare.startsWith('- ') ? 2 : 0;
  if (lead === 0 && bare.startsWith('-')) throw new FaultError('malformed', 'a line of dashes in a signed document');
  const stop = start + bare.length;
  const clean = stop === end;
  return {
    text: bare.slice(lead),
    ranges: [{ start: start + lead, end: stop }, ...(clean && !last ? [{ start: end, end: next }] : [])],
  };
}
