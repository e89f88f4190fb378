/** Runs an SSH key exchange just as far as the server's host key or group: no secret is worked out (RFC 4253 §8, RFC 4419, RFC 5656). */

import { createECDH, createHash, generateKeyPairSync, getDiffieHellman } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { chance } from '../../lib/chance.ts';
import { FaultError } from '../../lib/fault.ts';
import { buildKexInit, nextOf, openSsh, sendSsh } from './ssh-hello.ts';
import { bitLength, SshCursor, sshMpint, sshString, uint32 } from './ssh-wire.ts';
import type { StreamReader } from './stream-reader.ts';

/** Which share a key exchange wants of the client. Servers answer any valid public value with their host key. */
const SHARES: { readonly [kex: string]: () => Buffer } = {
  'curve25519-sha256': () => sshString(x25519Share()),
  'curve25519-sha256@libssh.org': () => sshString(x25519Share()),
  'ecdh-sha2-nistp256': () => sshString(createECDH('prime256v1').generateKeys()),
  'ecdh-sha2-nistp384': () => sshString(createECDH('secp384r1').generateKeys()),
  'ecdh-sha2-nistp521': () => sshString(createECDH('secp521r1').generateKeys()),
  'diffie-hellman-group1-sha1': () => sshMpint(getDiffieHellman('modp2').generateKeys()),
  'diffie-hellman-group14-sha1': () => sshMpint(getDiffieHellman('modp14').generateKeys()),
  'diffie-hellman-group14-sha256': () => sshMpint(getDiffieHellman('modp14').generateKeys()),
  'diffie-hellman-group15-sha512': () => sshMpint(getDiffieHellman('modp15').generateKeys()),
  'diffie-hellman-group16-sha512': () => sshMpint(getDiffieHellman('modp16').generateKeys()),
  'diffie-hellman-group17-sha512': () => sshMpint(getDiffieHellman('modp17').generateKeys()),
  'diffie-hellman-group18-sha512': () => sshMpint(getDiffieHellman('modp18').generateKeys()),
  // A KEM's client share is a public key: any of the right form will do, as nothing is decapsulated here.
  // ML-KEM-768 (FIPS 203 §7.2): 12-bit coefficients below q, zeros among them, then a 32-byte seed.
  'mlkem768x25519-sha256': () =>
    sshString(Buffer.concat([Buffer.alloc(1152), chance(32, 'seed of ML-KEM'), x25519Share()])),
  // Streamlined NTRU Prime 761: 1,158 bytes, every string of which decodes.
  'sntrup761x25519-sha512': () => sshString(Buffer.concat([chance(1158, 'share of NTRU Prime'), x25519Share()])),
  'sntrup761x25519-sha512@openssh.com': () =>
    sshString(Buffer.concat([chance(1158, 'share of NTRU Prime'), x25519Share()])),
};
const GROUP_EXCHANGES = ['diffie-hellman-group-exchange-sha256', 'diffie-hellman-group-exchange-sha1'];

const x25519Share = (): Buffer =>
  generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);

/** The cheapest exchange of an offer that this file can start, or undefined. */
export const usableKex = (offered: readonly string[]): string | undefined =>
  [...Object.keys(SHARES), ...GROUP_EXCHANGES].find((name) => offered.includes(name));
export const groupExchangeOf = (offered: readonly string[]): string | undefined =>
  GROUP_EXCHANGES.find((name) => offered.includes(name));

export interface SshHostKeyShown {
  readonly type: string;
  readonly blob: Uint8Array;
}

/**
 * Starts one key exchange for one host key algorithm and gives the host key blob of the reply; undefined where the server
 * hangs up when it is due, as dropbear 2022.83 does, which offers RSA where it has no such key.
 */
export async function fetchHostKey(stream: Duplex, algorithm: string): Promise<SshHostKeyShown | undefined> {
  const { reader, hello } = await openSsh(stream);
  if (hello.offer === undefined) throw new FaultError('unsupported', 'the SSH server speaks version 1 only');
  const kex = usableKex(hello.offer.kex);
  if (kex === undefined) throw new FaultError('unsupported', 'no key exchange on offer that is known here');
  sendSsh(stream, buildKexInit(hello.offer, kex, algorithm));
  if (GROUP_EXCHANGES.includes(kex)) {
    sendSsh(stream, Buffer.concat([Buffer.of(34), uint32(2048), uint32(2048), uint32(8192)]));
    const group = new SshCursor(await nextOf(reader, 31), 1);
    const prime = group.string();
    // Any element but 0, ±1 is valid; 2^k for a small k is taken by every server.
    sendSsh(stream, Buffer.concat([Buffer.of(32), sshMpint(largeElement(prime))]));
  } else {
    const share = SHARES[kex]!;
    sendSsh(stream, Buffer.concat([Buffer.of(30), share()]));
  }
  const shown = await keyReply(reader);
  if (shown === undefined) return undefined;
  const reply = new SshCursor(shown, 1);
  const blob = Buffer.from(reply.string());
  return { type: new SshCursor(blob).string().toString('latin1'), blob };
}

async function keyReply(reader: StreamReader): Promise<Buffer | undefined> {
  try {
    return await nextOf(reader, 31, 33);
  } catch (thrown) {
    if (thrown instanceof FaultError && thrown.fault.kind === 'closed') return undefined;
    throw thrown;
  }
}

/** An element of the group about as large as the prime, below it. */
function largeElement(prime: Buffer): Buffer {
  const bits = bitLength(prime);
  if (bits < 256 || bits > 16_384) throw new FaultError('malformed', `a Diffie-Hellman prime of ${bits} bits`);
  const length = Math.ceil((bits - 1) / 8);
  const element = chance(length, 'element of a DH group');
  const spare = length * 8 - (bits - 1);
  element[0] = (element[0]! >> spare) | 1;
  return element;
}

/** Asks a group-exchange server for groups of exactly `asked` bits; gives the bits of what came, or undefined when refused. */
export async function fetchGroupBits(stream: Duplex, asked: number): Promise<number | undefined> {
  const { reader, hello } = await openSsh(stream);
  const kex = groupExchangeOf(hello.offer?.kex ?? []);
  if (hello.offer === undefined || kex === undefined)
    throw new FaultError('unsupported', 'the SSH server no longer offers a group exchange');
  sendSsh(stream, buildKexInit(hello.offer, kex, hello.offer.hostKeys[0] ?? ''));
  sendSsh(stream, Buffer.concat([Buffer.of(34), uint32(asked), uint32(asked), uint32(asked)]));
  try {
    return bitLength(new SshCursor(await nextOf(reader, 31), 1).string());
  } catch (thrown) {
    if (thrown instanceof FaultError && ['refused', 'closed'].includes(thrown.fault.kind)) return undefined;
    throw thrown;
  }
}

export const fingerprintOf = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
