/** Greets an Android debug bridge and tells whether it asks for a key (protocol of adb's transport layer). */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { printable, StreamReader } from './stream-reader.ts';

const LARGEST = 4096;

/** One message: six little-endian words, then its data. */
function message(command: string, first: number, second: number, data: Buffer): Buffer {
  const header = Buffer.alloc(24);
  header.write(command, 0, 'latin1');
  header.writeUInt32LE(first, 4);
  header.writeUInt32LE(second, 8);
  header.writeUInt32LE(data.length, 12);
  header.writeUInt32LE(data.reduce((sum, byte) => sum + byte, 0) >>> 0, 16);
  header.writeUInt32LE((header.readUInt32LE(0) ^ 0xffff_ffff) >>> 0, 20);
  return Buffer.concat([header, data]);
}

export async function greetAdb(stream: Duplex): Promise<{ open: boolean; how: string }> {
  const reader = new StreamReader(stream, { buffered: 65_536, lifetime: 6000 });
  stream.write(message('CNXN', 0x0100_0000, LARGEST, Buffer.from('host::\0', 'latin1')));
  const header = await reader.read(24);
  const command = header.subarray(0, 4).toString('latin1');
  if ((header.readUInt32LE(0) ^ header.readUInt32LE(20)) >>> 0 !== 0xffff_ffff)
    throw new FaultError('malformed', 'not ADB: the magic of the answer is wrong');
  if (command === 'AUTH') return { open: false, how: 'AUTH: a key is asked for' };
  if (command === 'STLS') return { open: false, how: 'STLS: TLS with a paired key is asked for' };
  if (command !== 'CNXN') throw new FaultError('unrecognised', `ADB answered ${printable(command)}`);
  const identity = await reader.read(Math.min(header.readUInt32LE(12), 1024));
  return { open: true, how: `CNXN: ${printable(identity, 120)}` };
}
