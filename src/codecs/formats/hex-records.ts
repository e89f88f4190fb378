/** Intel HEX and Motorola S-records: text to runs of bytes at addresses. */
import { type Blob, chunksOf } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';

export interface HexRun {
  readonly address: number;
  readonly bytes: Buffer;
}

const LONGEST_LINE = 600;

/** Lines without their ends; nothing longer than a record can be. */
export function* linesOf(blob: Blob): Generator<string> {
  let rest = '';
  for (const chunk of chunksOf(blob)) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new FaultError('malformed', 'line longer than any record');
    yield* lines;
  }
  if (rest !== '') yield rest;
}

interface Record {
  readonly kind: 'data' | 'base' | 'end' | 'other';
  readonly address: number;
  readonly bytes: Buffer;
}

/** One line of Intel HEX, its checksum right; undefined when it is none. */
export function intelRecord(line: string): Record | undefined {
  if (line[0] !== ':' || !/^(?:[0-9A-Fa-f]{2}){5,}$/.test(line.slice(1))) return undefined;
  const bytes = Buffer.from(line.slice(1), 'hex');
  if (bytes.length !== bytes[0]! + 5 || (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) !== 0) return undefined;
  const data = bytes.subarray(4, -1);
  const type = bytes[3]!;
  const address = bytes.readUInt16BE(1);
  if (type === 0) return { kind: 'data', address, bytes: data };
  if (type === 1) return { kind: 'end', address, bytes: data };
  if (type === 2 && data.length === 2) return { kind: 'base', address: data.readUInt16BE(0) * 16, bytes: data };
  if (type === 4 && data.length === 2) return { kind: 'base', address: data.readUInt16BE(0) * 65_536, bytes: data };
  // 3 and 5: start addresses; micro:bit's universal hex adds types from 0x0A on.
  return { kind: 'other', address, bytes: data };
}

/** One S-record, its checksum right; undefined when it is none. */
export function sRecord(line: string): Record | undefined {
  const text = line.trimEnd();
  if (!/^S[0-9](?:[0-9A-Fa-f]{2}){3,}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.slice(2), 'hex');
  if (bytes.length !== bytes[0]! + 1 || (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) !== 0xff) return undefined;
  const type = Number(text[1]);
  const width = [2, 2, 3, 4, 0, 2, 3, 4, 3, 2][type] ?? 0;
  if (width === 0 || bytes.length < width + 2) return undefined;
  const address = bytes.readUIntBE(1, width);
  const data = bytes.subarray(1 + width, -1);
  if (type >= 1 && type <= 3) return { kind: 'data', address, bytes: data };
  return { kind: type >= 7 ? 'end' : 'other', address, bytes: data };
}

/** Runs of bytes that follow each other, in the order of the text. Throws on a line that is no record. */
export function hexRuns(blob: Blob, read: (line: string) => Record | undefined): HexRun[] {
  const runs: { address: number; parts: Buffer[]; end: number }[] = [];
  let base = 0;
  let number = 0;
  for (const line of linesOf(blob)) {
    number += 1;
    if (line.trim() === '') continue;
    const record = read(line);
    if (record === undefined) throw new FaultError('malformed', `line ${number} is no record`);
    if (record.kind === 'base') base = record.address;
    if (record.kind !== 'data' || record.bytes.length === 0) continue;
    const address = base + record.address;
    const last = runs.at(-1);
    if (last !== undefined && last.end === address) {
      last.parts.push(record.bytes);
      last.end += record.bytes.length;
    } else runs.push({ address, parts: [record.bytes], end: address + record.bytes.length });
  }
  return runs.map(({ address, parts }) => ({ address, bytes: Buffer.concat(parts) }));
}
