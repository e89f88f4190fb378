/** Asks a gdbserver what it supports; nothing is stopped, read or written (GDB remote serial protocol). */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { printable, StreamReader } from './stream-reader.ts';

const framed = (text: string): string => {
  const sum = Buffer.from(text, 'latin1').reduce((total, byte) => (total + byte) & 255, 0);
  return `$${text}#${sum.toString(16).padStart(2, '0')}`;
};

/** The features of the answer; its checksum is verified. */
export async function greetGdb(stream: Duplex): Promise<string> {
  const reader = new StreamReader(stream, { buffered: 65_536, lifetime: 6000 });
  stream.write(framed('qSupported'));
  const bytes = await reader.burst(4000, 150, 16_384);
  const answer = /\$([^$#]{0,8192})#([0-9a-f]{2})/.exec(bytes.toString('latin1'));
  const features = answer?.[1];
  if (features === undefined || framed(features) !== answer?.[0])
    throw new FaultError('malformed', `not the GDB protocol: ${printable(bytes, 60)}`);
  stream.write('+');
  return printable(features, 120);
}
