/** A minimal DTLS 1.2 ClientHello, to tell whether DTLS is spoken at all; what is on offer is asked elsewhere (RFC 6347 §4). */
import { chance } from '../../lib/chance.ts';

/** ECDHE and plain suites with certificates, PSK with AES-CCM-8 and GCM: something for every kind of server. */
const SUITES = [0xc02b, 0xc02f, 0xc0ae, 0xc0a8, 0x00a8, 0xc0ac, 0x009c, 0x002f, 0x00ae];

const short = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const extension = (type: number, body: Buffer): Buffer => Buffer.concat([short(type), short(body.length), body]);

export function dtlsHello(): Buffer {
  const groups = Buffer.concat([short(6), short(29), short(23), short(24)]);
  const signatures = Buffer.concat([short(8), short(0x0403), short(0x0804), short(0x0401), short(0x0201)]);
  const extensions = Buffer.concat([extension(10, groups), extension(11, Buffer.of(1, 0)), extension(13, signatures)]);
  const body = Buffer.concat([
    Buffer.of(0xfe, 0xfd),
    chance(32, 'random of TLS'),
    Buffer.of(0, 0),
    short(SUITES.length * 2),
    ...SUITES.map(short),
    Buffer.of(1, 0),
    short(extensions.length),
    extensions,
  ]);
  const size = Buffer.of(0, body.length >> 8, body.length & 255);
  const message = Buffer.concat([Buffer.of(1), size, Buffer.of(0, 0, 0, 0, 0), size, body]);
  return Buffer.concat([Buffer.of(22, 0xfe, 0xff), Buffer.alloc(8), short(message.length), message]);
}

/** A record of DTLS 1.0 or 1.2 that holds HelloVerifyRequest, ServerHello or an alert. */
export function dtlsGreets(bytes: Uint8Array): boolean {
  if (bytes.length < 14 || bytes[1] !== 0xfe || (bytes[2] !== 0xff && bytes[2] !== 0xfd)) return false;
  const size = ((bytes[11] ?? 0) << 8) | (bytes[12] ?? 0);
  if (bytes.length < 13 + size) return false;
  if (bytes[0] === 21) return size === 2;
  return bytes[0] === 22 && (bytes[13] === 2 || bytes[13] === 3);
}
