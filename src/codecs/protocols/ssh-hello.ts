/** Greets an SSH server: identification strings and KEXINIT, without any key exchange (RFC 4253 §4.2, §7.1). */

import type { Duplex } from 'node:stream';
import { chance } from '../../lib/chance.ts';
import { FaultError } from '../../lib/fault.ts';
import { readSshPacket, SshCursor, sshPacket, sshString } from './ssh-wire.ts';
import { printable, StreamReader } from './stream-reader.ts';

export const SSH_CLIENT = 'SSH-2.0-assay';

/** The ten name lists of KEXINIT, in the order of the message. */
export interface SshOffer {
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  readonly ciphersToServer: readonly string[];
  readonly ciphersToClient: readonly string[];
  readonly macsToServer: readonly string[];
  readonly macsToClient: readonly string[];
  readonly compressionToServer: readonly string[];
  readonly compressionToClient: readonly string[];
}

export interface SshGreeting {
  /** The whole identification line, control characters replaced. */
  readonly banner: string;
  /** '2.0', '1.99', '1.5' … */
  readonly version: string;
  readonly software: string;
  readonly comment: string;
  /** Lines sent before the identification. */
  readonly preface: readonly string[];
}

export interface SshHello extends SshGreeting {
  /** Absent where the server speaks version 1 only. */
  readonly offer?: SshOffer;
  /** The server's KEXINIT payload as received. */
  readonly kexInit?: Uint8Array;
}

const PREFACE_LINES = 50;

/** Reads lines until one starts with `SSH-`; other protocols and endless prefaces end it. */
export async function readGreeting(reader: StreamReader, timeout = 5000): Promise<SshGreeting> {
  const preface: string[] = [];
  while (preface.length < PREFACE_LINES) {
    const line = await reader.line(timeout, 2048);
    if (line.startsWith('SSH-')) return greetingOf(line, preface);
    preface.push(printable(line));
  }
  throw new FaultError('malformed', `no SSH identification within ${PREFACE_LINES} lines`);
}

function greetingOf(line: string, preface: readonly string[]): SshGreeting {
  const parts = /^SSH-([0-9.]{1,8})-([^ ]*) ?(.*)$/.exec(line);
  if (parts === null) throw new FaultError('malformed', `not an SSH identification: ${printable(line, 80)}`);
  const [, version = '', software = '', comment = ''] = parts;
  return { banner: printable(line), version, software: printable(software), comment: printable(comment), preface };
}

/** RFC 4253 §5.1: 1.99 means both; a first 1 alone means version 1 only. */
export const versionsOf = (version: string): ('1' | '2')[] => {
  if (version === '1.99') return ['1', '2'];
  return version.startsWith('1.') ? ['1'] : ['2'];
};

export function parseKexInit(payload: Uint8Array): SshOffer {
  const cursor = new SshCursor(payload);
  if (cursor.byte() !== 20) throw new FaultError('malformed', `SSH message ${payload[0]} where KEXINIT must come`);
  cursor.bytes(16);
  const lists = Array.from({ length: 8 }, () => cursor.names());
  cursor.names();
  cursor.names();
  return {
    kex: lists[0]!,
    hostKeys: lists[1]!,
    ciphersToServer: lists[2]!,
    ciphersToClient: lists[3]!,
    macsToServer: lists[4]!,
    macsToClient: lists[5]!,
    compressionToServer: lists[6]!,
    compressionToClient: lists[7]!,
  };
}

/** A KEXINIT that asks for one key exchange and one host key algorithm and mirrors the rest of the server's offer. */
export function buildKexInit(server: SshOffer, kex: string, hostKey: string): Buffer {
  const lists = [
    [kex],
    [hostKey],
    server.ciphersToServer,
    server.ciphersToClient,
    server.macsToServer,
    server.macsToClient,
    server.compressionToServer,
    server.compressionToClient,
    [],
    [],
  ];
  return Buffer.concat([
    Buffer.of(20),
    chance(16, 'cookie of SSH'),
    ...lists.map((names) => sshString(names.join(','))),
    Buffer.of(0, 0, 0, 0, 0),
  ]);
}

export interface SshSession {
  readonly reader: StreamReader;
  readonly hello: SshHello;
}

/** Greets and reads KEXINIT; the stream is left open for a key exchange. */
export async function openSsh(stream: Duplex, options: { readonly lifetime?: number } = {}): Promise<SshSession> {
  const reader = new StreamReader(stream, { buffered: 131_072, lifetime: options.lifetime ?? 10_000 });
  stream.write(`${SSH_CLIENT}\r\n`);
  const greeting = await readGreeting(reader);
  if (greeting.version !== '1.99' && greeting.version.startsWith('1.')) return { reader, hello: greeting };
  const kexInit = await nextOf(reader, 20);
  return { reader, hello: { ...greeting, kexInit, offer: parseKexInit(kexInit) } };
}

/** Sends one payload. */
export const sendSsh = (stream: Duplex, payload: Uint8Array): void => {
  stream.write(sshPacket(payload));
};

/** The next message of one of the wanted numbers; IGNORE and DEBUG are skipped, DISCONNECT and others are faults. */
export async function nextOf(reader: StreamReader, ...wanted: readonly number[]): Promise<Buffer> {
  for (let skipped = 0; skipped < 20; skipped += 1) {
    const payload = await readSshPacket(reader);
    const number = payload[0]!;
    if (wanted.includes(number)) return payload;
    if (number === 1) throw new FaultError('refused', `the SSH server disconnected: ${disconnectReason(payload)}`);
    if (number !== 2 && number !== 4 && number !== 20)
      throw new FaultError('malformed', `SSH message ${number} where ${wanted.join(' or ')} must come`);
  }
  throw new FaultError('over-budget', 'too many SSH messages that say nothing');
}

function disconnectReason(payload: Buffer): string {
  const cursor = new SshCursor(payload, 1);
  const code = cursor.uint32();
  return `${printable(cursor.string(), 120)} (${code})`;
}
