/** Runs a VNC (RFB) handshake as far as the security types, and its password check (RFC 6143 §7.1, §7.2). */
import { createCipheriv } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { printable, StreamReader } from './stream-reader.ts';

export interface VncHello {
  readonly version: string;
  readonly types: readonly number[];
}

const NAMES: { readonly [type: number]: string } = {
  1: 'none',
  2: 'vnc',
  5: 'ra2',
  6: 'ra2ne',
  16: 'tight',
  17: 'ultra',
  18: 'tls',
  19: 'vencrypt',
  20: 'sasl',
  30: 'apple-dh',
};
export const vncTypeName = (type: number): string => NAMES[type] ?? `type ${type}`;

export interface VncSession {
  readonly hello: VncHello;
  readonly reader: StreamReader;
  /** 3.3 servers choose the type themselves. */
  readonly chosenByServer: boolean;
}

export async function openVnc(stream: Duplex): Promise<VncSession> {
  const reader = new StreamReader(stream, { buffered: 65_536, lifetime: 10_000 });
  const banner = (await reader.read(12)).toString('latin1');
  const parts = /^RFB (\d{3})\.(\d{3})\n$/.exec(banner);
  if (parts === null) throw new FaultError('malformed', `not RFB: ${printable(banner)}`);
  const minor = Number(parts[1]) > 3 ? 8 : Number(parts[2]);
  const spoken = minor >= 8 ? '003.008' : minor === 7 ? '003.007' : '003.003';
  stream.write(`RFB ${spoken}\n`);
  const version = `${Number(parts[1])}.${Number(parts[2])}`;
  if (spoken === '003.003') {
    const type = (await reader.read(4)).readUInt32BE(0);
    if (type === 0) throw await refusal(reader);
    return { hello: { version, types: [type] }, reader, chosenByServer: true };
  }
  const count = (await reader.read(1))[0]!;
  if (count === 0) throw await refusal(reader);
  return { hello: { version, types: [...(await reader.read(count))] }, reader, chosenByServer: false };
}

async function refusal(reader: StreamReader): Promise<FaultError> {
  const size = (await reader.read(4)).readUInt32BE(0);
  const reason = printable(await reader.read(Math.min(size, 1024)));
  const locked = /too many|blocked|lock/i.test(reason);
  return new FaultError(locked ? 'locked-out' : 'refused', `the VNC server refuses: ${reason}`);
}

/** Tries a VNC password (type 2); true when the server says OK. */
export async function tryVncPassword(stream: Duplex, password: string): Promise<boolean> {
  const { hello, reader, chosenByServer } = await openVnc(stream);
  if (!hello.types.includes(2)) throw new FaultError('unsupported', 'the VNC server does not offer a password');
  if (!chosenByServer) stream.write(Buffer.of(2));
  const challenge = await reader.read(16);
  stream.write(vncResponse(challenge, password));
  return (await reader.read(4)).readUInt32BE(0) === 0;
}

/**
 * DES of the challenge under the password, at most 8 characters, the bits of each byte turned round (RFC 6143 §7.2.2).
 * Triple DES with one key three times is single DES, which OpenSSL 3 no longer offers.
 */
export function vncResponse(challenge: Uint8Array, password: string): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, 'latin1').copy(key, 0, 0, 8);
  const turned = Buffer.from(key.map((byte) => reversed(byte)));
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([turned, turned, turned]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

function reversed(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) result |= 128 >> bit;
  return result;
}
