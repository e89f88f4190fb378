/** What a TLS session of OpenSSL holds, as `SSL_SESSION` writes it in DER: the ticket, its lifetime, early data. Never its secret. */
import { FaultError } from '../../lib/fault.ts';
import { type DerElement, derChildren, derWhole, TAG } from './der.ts';

export interface TlsSession {
  /** Session id; of a session by ticket it is the client's own. */
  readonly id: Uint8Array;
  readonly suite: number;
  readonly ticket?: Uint8Array;
  /** Seconds that the server says it keeps the ticket; 0 where it does not say. */
  readonly lifetime: number;
  /** Bytes of early data that the ticket allows (RFC 8446 §4.6.1). */
  readonly earlyData: number;
  /** Whether it was agreed with the extended master secret. */
  readonly extended: boolean;
}

const CONTEXT = 0xa0;
const EXTENDED_MASTER_SECRET = 1;

/** Throws FaultError `malformed` for what is no session. */
export function readSession(bytes: Uint8Array): TlsSession {
  const children = derChildren(derWhole(bytes, TAG.sequence));
  const [, , suite, id] = children;
  if (suite?.value.length !== 2 || id === undefined || id.tag !== TAG.octets)
    throw new FaultError('malformed', 'no session of TLS');
  const inner = (number: number): DerElement | undefined => {
    const found = children.find(({ tag }) => tag === (CONTEXT | number));
    return found === undefined ? undefined : derChildren(found)[0];
  };
  const ticket = inner(10);
  return {
    id: new Uint8Array(id.value),
    suite: suite.value.readUInt16BE(0),
    ...(ticket === undefined ? {} : { ticket: new Uint8Array(ticket.value) }),
    lifetime: numberOf(inner(9)),
    earlyData: numberOf(inner(15)),
    extended: (numberOf(inner(13)) & EXTENDED_MASTER_SECRET) !== 0,
  };
}

/** Up to six bytes, as every number of a session is. */
function numberOf(element: DerElement | undefined): number {
  if (element === undefined || element.value.length === 0 || element.value.length > 6) return 0;
  return Buffer.from(element.value).readUIntBE(0, element.value.length);
}
