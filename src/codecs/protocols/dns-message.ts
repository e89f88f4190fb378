/** DNS messages: builds questions and reads answers, for DNS and mDNS alike (RFC 1035 §4, RFC 6762). */
import { FaultError } from '../../lib/fault.ts';

export const DNS_TYPES = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
export const DNS_CLASSES = { IN: 1, CHAOS: 3 } as const;

export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  /** PTR: the name; TXT: its strings; SRV: host:port; A and AAAA: the address; else empty. */
  readonly texts: readonly string[];
}
export interface DnsAnswer {
  readonly id: number;
  readonly response: boolean;
  readonly recursionAvailable: boolean;
  readonly code: number;
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly class?: number;
  readonly recursionDesired?: boolean;
  /** Sets the top bit of the class: a unicast answer is welcome (RFC 6762 §5.4). */
  readonly unicast?: boolean;
}

export function dnsQuestion(question: Question): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(question.recursionDesired === true ? 0x0100 : 0, 2);
  header.writeUInt16BE(1, 4);
  const labels = question.name.split('.').filter(Boolean);
  const name = labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'utf8')]);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(question.type, 1);
  tail.writeUInt16BE((question.class ?? DNS_CLASSES.IN) | (question.unicast === true ? 0x8000 : 0), 3);
  return Buffer.concat([header, ...name, tail]);
}

const MOST_RECORDS = 500;

/** Reads a message; throws FaultError `malformed` for anything else. */
export function parseDns(bytes: Uint8Array): DnsAnswer {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (message.length < 12) throw malformed('shorter than a header');
  const flags = message.readUInt16BE(2);
  let at = 12;
  for (let count = message.readUInt16BE(4); count > 0; count -= 1) at = nameAt(message, at).end + 4;
  const answers = message.readUInt16BE(6);
  const authorities = message.readUInt16BE(8);
  const additionals = message.readUInt16BE(10);
  if (answers + authorities + additionals > MOST_RECORDS) throw malformed('more records than a datagram holds');
  const records: DnsRecord[] = [];
  for (let count = answers + authorities + additionals; count > 0; count -= 1) {
    const { record, end } = recordAt(message, at);
    records.push(record);
    at = end;
  }
  return {
    id: message.readUInt16BE(0),
    response: (flags & 0x8000) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    code: flags & 15,
    answers: records.slice(0, answers),
    additionals: records.slice(answers + authorities),
  };
}

function recordAt(message: Buffer, from: number): { record: DnsRecord; end: number } {
  const name = nameAt(message, from);
  if (name.end + 10 > message.length) throw malformed('a record ends early');
  const type = message.readUInt16BE(name.end);
  const size = message.readUInt16BE(name.end + 8);
  const start = name.end + 10;
  if (start + size > message.length) throw malformed('record data runs past the end');
  return { record: { name: name.text, type, texts: textsOf(message, type, start, size) }, end: start + size };
}

function textsOf(message: Buffer, type: number, start: number, size: number): string[] {
  const data = message.subarray(start, start + size);
  if (type === DNS_TYPES.PTR) return [nameAt(message, start).text];
  if (type === DNS_TYPES.SRV && size > 6) return [`${nameAt(message, start + 6).text}:${data.readUInt16BE(4)}`];
  if (type === DNS_TYPES.A && size === 4) return [[...data].join('.')];
  if (type === DNS_TYPES.AAAA && size === 16) return [data.toString('hex')];
  if (type !== DNS_TYPES.TXT) return [];
  const texts: string[] = [];
  for (let at = 0; at < size; at += data[at]! + 1)
    texts.push(data.subarray(at + 1, at + 1 + data[at]!).toString('utf8'));
  return texts;
}

/** A name, its pointers followed only backwards, so that none can loop (RFC 1035 §4.1.4). */
function nameAt(message: Buffer, from: number): { text: string; end: number } {
  const labels: string[] = [];
  let at = from;
  let end = -1;
  let before = from;
  for (let length = 0; length < 256; ) {
    const size = message[at];
    if (size === undefined) throw malformed('a name runs past the end');
    if (size === 0) return { text: labels.join('.'), end: end < 0 ? at + 1 : end };
    if (size >= 0xc0) {
      if (at + 1 >= message.length) throw malformed('a pointer ends early');
      if (end < 0) end = at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      if (at >= before) throw malformed('a name points forwards');
      before = at;
    } else {
      if (size > 63 || at + 1 + size > message.length) throw malformed('a label runs past the end');
      labels.push(message.subarray(at + 1, at + 1 + size).toString('utf8'));
      length += size + 1;
      at += size + 1;
    }
  }
  throw malformed('a name is too long');
}

const malformed = (what: string): FaultError => new FaultError('malformed', `not DNS: ${what}`);
