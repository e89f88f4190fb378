/** The encrypted part of a TLS 1.3 handshake: certificate, signature scheme, extensions, without ever answering. RFC 8446 §7. */

import {
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  type PublicKeyInput,
} from 'node:crypto';
import type { Duplex } from 'node:stream';
import { chance, isSeeded } from '../../lib/chance.ts';
import { FaultError } from '../../lib/fault.ts';
import { StreamReader } from './stream-reader.ts';
import { type Flight, readFlight, readRecord, stapleOf } from './tls-flight.ts';
import { clientHello, EXTENSION, type HelloParts, keyShares } from './tls-hello.ts';
import { alertName, Cursor, readExtensions, u16, vector8 } from './tls-wire.ts';

export interface ThirteenFlight extends Flight {
  /** EncryptedExtensions. */
  readonly encrypted?: ReadonlyMap<number, Uint8Array>;
  /** Scheme of the CertificateVerify. */
  readonly scheme?: number;
  /** Group of the key exchange, or the one that a HelloRetryRequest asks for. */
  readonly group?: number;
  readonly timestamps?: boolean;
}

interface Share {
  readonly group: number;
  readonly key: Uint8Array;
  secret(peer: Uint8Array): Buffer;
}

const CURVE_NAMES: { readonly [group: number]: string } = { 23: 'prime256v1', 24: 'secp384r1', 25: 'secp521r1' };
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');

function x25519Pair(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (!isSeeded()) return generateKeyPairSync('x25519');
  const key = Buffer.concat([X25519_PKCS8, chance(32, 'key of X25519')]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey as unknown as PublicKeyInput) };
}

/** A key share that we can use ourselves; undefined for every other group. */
export function makeShare(group: number): Share | undefined {
  if (group === 29) {
    const { publicKey, privateKey } = x25519Pair();
    return {
      group,
      key: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
      secret: (peer) =>
        diffieHellman({
          privateKey,
          publicKey: createPublicKey({ key: Buffer.concat([X25519_SPKI, peer]), format: 'der', type: 'spki' }),
        }),
    };
  }
  const curve = CURVE_NAMES[group];
  if (curve === undefined) return undefined;
  const ecdh = createECDH(curve);
  if (isSeeded()) {
    // A first byte of zero keeps it below the order.
    const size = { 23: 32, 24: 48, 25: 66 }[group] ?? 32;
    ecdh.setPrivateKey(Buffer.concat([Buffer.alloc(1), chance(size - 1, `key of group ${group}`)]));
  } else ecdh.generateKeys();
  return { group, key: ecdh.getPublicKey(), secret: (peer) => ecdh.computeSecret(peer) };
}

const CIPHERS: { readonly [suite: number]: { hash: string; cipher: string; key: number; tag: number } } = {
  4865: { hash: 'sha256', cipher: 'aes-128-gcm', key: 16, tag: 16 },
  4866: { hash: 'sha384', cipher: 'aes-256-gcm', key: 32, tag: 16 },
  4867: { hash: 'sha256', cipher: 'chacha20-poly1305', key: 32, tag: 16 },
  4868: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 16 },
  4869: { hash: 'sha256', cipher: 'aes-128-ccm', key: 16, tag: 8 },
};

/**
 * Sends a hello with a share of `group` and reads the server's flight to its Finished, decrypted. `end` as in Flight; where
 * the server wants another group, `hello.retry` is set and `group` names it.
 */
export async function greetThirteen(
  stream: Duplex,
  parts: HelloParts,
  group: number,
  timeout: number,
): Promise<ThirteenFlight> {
  const share = makeShare(group);
  if (share === undefined) throw new FaultError('unsupported', `no key share of group ${group} can be made`);
  const hello = clientHello({ ...parts, extensions: [...parts.extensions, keyShares([share])] });
  const reader = new StreamReader(stream, { lifetime: timeout, buffered: 512 * 1024 });
  stream.write(hello);
  const flight = await readFlight(reader, { until: 'hello', timeout });
  const server = flight.hello?.extensions.get(EXTENSION.keyShare);
  if (flight.hello === undefined || server === undefined || flight.helloBytes === undefined) return flight;
  const cursor = new Cursor(server);
  const chosen = cursor.number(2);
  if (flight.hello.retry || chosen !== group) return { ...flight, group: chosen };
  const transcript = Buffer.concat([hello.subarray(5), flight.helloBytes]);
  const keys = serverKeys(flight.hello.suite, share.secret(cursor.vector(2)), transcript);
  if (keys === undefined) return { ...flight, group };
  return { ...flight, group, ...(await readEncrypted(reader, keys, timeout)) };
}

interface Keys {
  readonly cipher: string;
  readonly tag: number;
  readonly key: Buffer;
  readonly iv: Buffer;
}

function serverKeys(suite: number, shared: Buffer, transcript: Uint8Array): Keys | undefined {
  const kind = CIPHERS[suite];
  if (kind === undefined) return undefined;
  const { hash, cipher, tag } = kind;
  const size = hash === 'sha384' ? 48 : 32;
  const extract = (salt: Uint8Array, key: Uint8Array): Buffer => createHmac(hash, salt).update(key).digest();
  const empty = createHash(hash).digest();
  const early = extract(Buffer.alloc(size), Buffer.alloc(size));
  const secret = extract(expand(hash, early, 'derived', empty, size), shared);
  const traffic = expand(hash, secret, 's hs traffic', createHash(hash).update(transcript).digest(), size);
  return {
    cipher,
    tag,
    key: expand(hash, traffic, 'key', Buffer.alloc(0), kind.key),
    iv: expand(hash, traffic, 'iv', Buffer.alloc(0), 12),
  };
}

/** HKDF-Expand-Label, RFC 8446 §7.1; no label here needs more than one block. */
function expand(hash: string, secret: Uint8Array, label: string, context: Uint8Array, length: number): Buffer {
  const info = Buffer.concat([u16(length), vector8(Buffer.from(`tls13 ${label}`)), vector8(context), Buffer.from([1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}

/** Content and its type, padding taken off (RFC 8446 §5.2–5.4). */
function open(keys: Keys, sequence: number, header: Uint8Array, body: Uint8Array): { type: number; content: Buffer } {
  const nonce = Buffer.from(keys.iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
  if (body.length < keys.tag + 1) throw new FaultError('malformed', 'an encrypted record is too short');
  const sealed = body.subarray(0, body.length - keys.tag);
  try {
    const decipher = createDecipheriv(keys.cipher as 'aes-128-gcm', keys.key, nonce, {
      authTagLength: keys.tag,
    } as object);
    decipher.setAuthTag(body.subarray(body.length - keys.tag));
    const ccm = keys.cipher.includes('ccm') ? { plaintextLength: sealed.length } : undefined;
    decipher.setAAD(header, ccm as { plaintextLength: number });
    const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
    let end = plain.length - 1;
    while (end > 0 && plain[end] === 0) end -= 1;
    return { type: plain[end] ?? 0, content: plain.subarray(0, Math.max(end, 0)) };
  } catch (cause) {
    throw new FaultError('malformed', 'an encrypted record does not open', { cause });
  }
}

type Encrypted = Partial<Omit<ThirteenFlight, 'hello'>>;

async function readEncrypted(reader: StreamReader, keys: Keys, timeout: number): Promise<Encrypted> {
  const seen: { -readonly [K in keyof Encrypted]: Encrypted[K] } = {};
  let pending: Buffer = Buffer.alloc(0);
  let sequence = 0;
  try {
    for (let records = 0; records < 64; records += 1) {
      const { type, header, body } = await readRecord(reader, timeout);
      if (type === 20) continue;
      if (type === 21)
        return { ...seen, end: 'alert', alert: { code: body[1]!, name: alertName(body[1]!), fatal: true } };
      const inner = open(keys, sequence, header, body);
      sequence += 1;
      if (inner.type === 21) {
        const code = inner.content[1] ?? 0;
        return { ...seen, end: 'alert', alert: { code, name: alertName(code), fatal: true } };
      }
      if (inner.type !== 22) continue;
      pending = Buffer.concat([pending, inner.content]);
      if (pending.length > 512 * 1024) throw new FaultError('malformed', 'the handshake does not end');
      pending = takeEncrypted(pending, seen);
      if (seen.done === true) return { ...seen, end: 'complete' };
    }
    return { ...seen, end: 'malformed' };
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    const { kind } = thrown.fault;
    return { ...seen, end: kind === 'timeout' ? 'timeout' : kind === 'malformed' ? 'malformed' : 'closed' };
  }
}

function takeEncrypted(bytes: Buffer, seen: { -readonly [K in keyof Encrypted]: Encrypted[K] }): Buffer {
  let at = 0;
  while (bytes.length - at >= 4) {
    const length = bytes.readUIntBE(at + 1, 3);
    if (bytes.length - at - 4 < length) break;
    const body = bytes.subarray(at + 4, at + 4 + length);
    switch (bytes[at]) {
      case 8:
        seen.encrypted = readExtensions(new Cursor(body).vector(2));
        break;
      case 11:
        Object.assign(seen, certificates(body));
        break;
      case 13:
        seen.certificateRequest = body;
        break;
      case 15:
        seen.scheme = new Cursor(body).number(2);
        break;
      case 20:
        seen.done = true;
        break;
      default:
    }
    at += 4 + length;
  }
  return bytes.subarray(at);
}

/** Certificate of TLS 1.3, RFC 8446 §4.4.2: the leaf's extensions carry the staple and the timestamps. */
function certificates(body: Uint8Array): Pick<ThirteenFlight, 'certificates' | 'staple' | 'timestamps'> {
  const cursor = new Cursor(body);
  cursor.vector(1);
  const list = new Cursor(cursor.vector(3));
  const found: Uint8Array[] = [];
  let staple: Uint8Array | undefined;
  let timestamps = false;
  while (list.left > 0 && found.length < 32) {
    found.push(new Uint8Array(list.vector(3)));
    const extensions = readExtensions(list.vector(2));
    const status = extensions.get(EXTENSION.statusRequest);
    if (found.length === 1 && status !== undefined) staple = stapleOf(status);
    if (found.length === 1 && extensions.has(EXTENSION.signedTimestamp)) timestamps = true;
  }
  return { certificates: found, timestamps, ...(staple === undefined ? {} : { staple }) };
}
