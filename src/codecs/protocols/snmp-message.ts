/** SNMP messages of versions 1, 2c and 3 (noAuthNoPriv) in BER: asks for one object, reads what comes back (RFC 1157, 3416, 3412, 3414). */
import { FaultError } from '../../lib/fault.ts';

export const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
const GET = 0xa0;
const RESPONSE = 0xa2;
const REPORT = 0xa8;

const length = (count: number): Buffer => {
  if (count < 128) return Buffer.of(count);
  return count < 256 ? Buffer.of(0x81, count) : Buffer.of(0x82, count >> 8, count & 255);
};
const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), length(body.length), body]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const octets = (value: Uint8Array | string): Buffer =>
  tlv(4, typeof value === 'string' ? Buffer.from(value, 'latin1') : value);

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeInt32BE(value, 1);
  let start = 1;
  while (
    start < 4 &&
    ((bytes[start] === 0 && bytes[start + 1]! < 128) || (bytes[start] === 255 && bytes[start + 1]! > 127))
  )
    start += 1;
  return tlv(2, bytes.subarray(start));
}

function objectId(dotted: string): Buffer {
  const [first = 1, second = 3, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 127];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return tlv(6, Buffer.from(bytes));
}

const getPdu = (id: number, oid: string): Buffer =>
  tlv(GET, integer(id), integer(0), integer(0), sequence(sequence(objectId(oid), tlv(5))));

/** A GetRequest of version 1 (0) or 2c (1). */
export const snmpGet = (version: 0 | 1, community: string, id: number, oid = SYS_DESCR): Buffer =>
  sequence(integer(version), octets(community), getPdu(id, oid));

export interface SnmpEngine {
  readonly id: Uint8Array;
  readonly boots: number;
  readonly time: number;
}

/** A version 3 GetRequest without authentication; without an engine it only asks the agent for its own. */
export function snmpGetV3(id: number, user: string, engine?: SnmpEngine, oid = SYS_DESCR): Buffer {
  const at = engine?.id ?? Buffer.alloc(0);
  const security = sequence(
    octets(at),
    integer(engine?.boots ?? 0),
    integer(engine?.time ?? 0),
    octets(user),
    octets(''),
    octets(''),
  );
  // msgFlags 4: reportable, neither authenticated nor encrypted; security model 3: USM.
  const header = sequence(integer(id), integer(65_507), octets(Buffer.of(4)), integer(3));
  return sequence(integer(3), header, octets(security), sequence(octets(at), octets(''), getPdu(id, oid)));
}

export interface SnmpAnswer {
  readonly version: number;
  readonly kind: 'response' | 'report' | 'other';
  readonly requestId: number;
  readonly error: number;
  readonly oid: string;
  readonly value: Uint8Array;
  /** A value, not an exception such as noSuchObject. */
  readonly present: boolean;
  readonly engine?: SnmpEngine;
}

class Ber {
  #at = 0;
  readonly #bytes: Buffer;
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  next(tag?: number): { tag: number; body: Buffer } {
    if (this.#at + 2 > this.#bytes.length) throw malformed('ends early');
    const found = this.#bytes[this.#at]!;
    if (tag !== undefined && found !== tag) throw malformed(`tag ${found} where ${tag} must stand`);
    let size = this.#bytes[this.#at + 1]!;
    let start = this.#at + 2;
    if (size > 127) {
      const count = size & 127;
      if (count === 0 || count > 3 || start + count > this.#bytes.length) throw malformed('a length makes no sense');
      size = this.#bytes.readUIntBE(start, count);
      start += count;
    }
    if (start + size > this.#bytes.length) throw malformed('a field runs past the end');
    this.#at = start + size;
    return { tag: found, body: this.#bytes.subarray(start, start + size) };
  }
  integer(): number {
    const { body } = this.next(2);
    if (body.length === 0 || body.length > 6) throw malformed('an integer of odd size');
    return body.readIntBE(0, body.length);
  }
}
const malformed = (what: string): FaultError => new FaultError('malformed', `not SNMP: ${what}`);

/** Reads a datagram; throws FaultError `malformed` for anything that is not SNMP. */
export function parseSnmp(bytes: Uint8Array): SnmpAnswer {
  const message = new Ber(new Ber(bytes).next(0x30).body);
  const version = message.integer();
  if (version === 3) return parseV3(message);
  message.next(4);
  return pduOf(message, version);
}

function parseV3(message: Ber): SnmpAnswer {
  message.next(0x30);
  const security = new Ber(new Ber(message.next(4).body).next(0x30).body);
  const engine = { id: Buffer.from(security.next(4).body), boots: security.integer(), time: security.integer() };
  const scoped = new Ber(message.next(0x30).body);
  scoped.next(4);
  scoped.next(4);
  return { ...pduOf(scoped, 3), engine };
}

function pduOf(message: Ber, version: number): SnmpAnswer {
  const { tag, body } = message.next();
  const pdu = new Ber(body);
  const requestId = pdu.integer();
  const error = pdu.integer();
  pdu.integer();
  const kind = tag === RESPONSE ? 'response' : tag === REPORT ? 'report' : 'other';
  const list = pdu.next(0x30).body;
  if (list.length === 0) return { version, kind, requestId, error, oid: '', value: Buffer.alloc(0), present: false };
  const binding = new Ber(new Ber(list).next(0x30).body);
  const oid = dotted(binding.next(6).body);
  const value = binding.next();
  // 0x80–0x82: noSuchObject, noSuchInstance, endOfMibView (RFC 3416 §3); 5: unset.
  const present = value.tag !== 5 && (value.tag < 0x80 || value.tag > 0x82);
  return { version, kind, requestId, error, oid, value: Buffer.from(value.body), present };
}

function dotted(body: Buffer): string {
  const first = body[0] ?? 0;
  const arcs = [Math.min(2, Math.floor(first / 40)), first - Math.min(2, Math.floor(first / 40)) * 40];
  let arc = 0;
  for (const byte of body.subarray(1, 128)) {
    arc = (arc * 128 + (byte & 127)) % 2 ** 40;
    if (byte < 128) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join('.');
}
