/** Lists of revoked certificates (RFC 5280, 5): who issued one, until when it speaks, and which serial numbers are on it. */
import { FaultError } from '../../lib/fault.ts';
import { type DerElement, derAt, derChild, derChildren, derWhole, oidOf, TAG } from './der.ts';

const GENERALIZED = 0x18;
const MOST_REVOKED = 100_000;
const MOST_BYTES = 8 << 20;

export interface RevocationList {
  /** DER of the issuer's name. */
  readonly issuer: Buffer;
  readonly nextUpdate?: Date;
  /** Hex of the DER integers. */
  readonly revoked: ReadonlySet<string>;
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** Throws FaultError for what is none. */
export function readCrl(bytes: Uint8Array): RevocationList {
  if (bytes.length > MOST_BYTES)
    throw new FaultError('over-budget', `a list of revoked certificates of ${bytes.length} bytes`);
  const parts = derChildren(derWhole(bytes, TAG.sequence));
  const signed = derChild(parts, 0, TAG.sequence);
  const fields = derChildren(signed);
  const at = fields[0]?.tag === TAG.integer ? 1 : 0;
  const rest = fields.slice(at + 3);
  const next = rest[0] !== undefined && isTime(rest[0]) ? timeOf(rest[0]) : undefined;
  const entries = rest.find(({ tag }) => tag === TAG.sequence);
  timeOf(derAt(fields[at + 2]?.whole ?? Buffer.alloc(0)));
  return {
    issuer: derChild(fields, at + 1, TAG.sequence).whole,
    ...(next === undefined ? {} : { nextUpdate: next }),
    revoked: entries === undefined ? new Set() : serialsOf(entries),
    signed: signed.whole,
    algorithm: oidOf(derChild(derChildren(derChild(parts, 1, TAG.sequence)), 0, TAG.oid)),
    signature: derChild(parts, 2, TAG.bits).value.subarray(1),
  };
}

/** Lists are longer than other things in DER. */
function serialsOf({ value }: DerElement): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at < value.length; ) {
    const entry = derAt(value, at);
    found.add(derChild([derAt(entry.value)], 0, TAG.integer).value.toString('hex'));
    if (found.size > MOST_REVOKED) throw new FaultError('over-budget', 'too many revoked certificates');
    at += entry.whole.length;
  }
  return found;
}

const isTime = ({ tag }: DerElement): boolean => tag === TAG.utc || tag === GENERALIZED;

function timeOf(element: DerElement): Date {
  const text = element.value.toString('latin1');
  const [, year = '', month, day, hour, minute, second] =
    /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(isTime(element) ? text : '') ?? [];
  const whole = year.length === 4 ? year : `${Number(year) >= 50 ? '19' : '20'}${year}`;
  const date = new Date(`${whole}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime()))
    throw new FaultError('malformed', 'a list of revoked certificates without its dates');
  return date;
}
