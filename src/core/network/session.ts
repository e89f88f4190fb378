/** What a TLS session of OpenSSL holds, as `SSL_SESSION` writes it in DER: the ticket, its lifetime, early data. Never its secret. */
import { FaultError } from '../../lib/fault.ts';
import type { TlsTicket } from '../model/network.ts';

/** One element of DER. */
interface Element {
  readonly tag: number;
  readonly value: Buffer;
}

const SEQUENCE = 0x30;
const OCTETS = 4;
const CONTEXT = 0xa0;
const EXTENDED_MASTER_SECRET = 1;

/** Throws FaultError `malformed` for what is no session. */
export function readSession(bytes: Uint8Array): TlsTicket {
  const [outer] = elements(Buffer.from(bytes));
  const children = outer?.tag === SEQUENCE ? elements(outer.value) : [];
  const [, , suite, id] = children;
  if (suite?.value.length !== 2 || id?.tag !== OCTETS) throw new FaultError('malformed', 'no session of TLS');
  const inner = (number: number): Element | undefined => {
    const found = children.find(({ tag }) => tag === (CONTEXT | number));
    return found === undefined ? undefined : elements(found.value)[0];
  };
  const ticket = inner(10);
  return {
    id: id.value.toString('hex'),
    suite: suite.value.readUInt16BE(0),
    ...(ticket === undefined ? {} : { ticket: ticket.value.toString('hex') }),
    lifetime: numberOf(inner(9)),
    earlyData: numberOf(inner(15)),
    extended: (numberOf(inner(13)) & EXTENDED_MASTER_SECRET) !== 0,
  };
}

/** Up to six bytes, as every number of a session is. */
function numberOf(element: Element | undefined): number {
  if (element === undefined || element.value.length === 0 || element.value.length > 6) return 0;
  return element.value.readUIntBE(0, element.value.length);
}

function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [tag = 0, first = 0] = [bytes[at], bytes[at + 1]];
    const more = first < 0x80 ? 0 : first & 0x7f;
    if (more > 3 || at + 2 + more > bytes.length) break;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    const start = at + 2 + more;
    if (start + length > bytes.length) break;
    found.push({ tag, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
