/** Partition tables of Espressif chips: entries of 32 bytes, then an MD5 of them or blank flash. */
import { createHash } from 'node:crypto';
import type { Blob } from '../../lib/blob.ts';
import { header, printable } from './fields.ts';

export const ESP_TABLE = 0xc00;

export interface EspPartition {
  readonly name: string;
  readonly type: number;
  readonly subtype: number;
  readonly start: number;
  readonly end: number;
  readonly encrypted: boolean;
}

/** The table at `offset` and where it ends; undefined when it is none. */
export function espTableAt(
  blob: Blob,
  offset: number,
): { readonly partitions: readonly EspPartition[]; readonly end: number } | undefined {
  const partitions: EspPartition[] = [];
  for (let at = 0; at < ESP_TABLE; at += 32) {
    const entry = header(blob, offset + at, 32);
    if (entry === undefined) return undefined;
    const mark = entry.readUInt16LE(0);
    if (mark === 0x50aa) {
      const name = printable(entry.subarray(12, 28));
      const [start, size] = [entry.readUInt32LE(4), entry.readUInt32LE(8)];
      if (name === undefined || name === '' || size === 0) return undefined;
      const encrypted = (entry.readUInt32LE(28) & 1) === 1;
      partitions.push({ name, type: entry[2]!, subtype: entry[3]!, start, end: start + size, encrypted });
    } else if (mark === 0xebeb) {
      const digest = createHash('md5').update(blob.read(offset, at)).digest();
      if (partitions.length === 0 || !digest.equals(entry.subarray(16))) return undefined;
      return { partitions, end: offset + Math.min(ESP_TABLE, blob.size - offset) };
    } else {
      return partitions.length >= 2 && entry.every((byte) => byte === 0xff)
        ? { partitions, end: offset + at }
        : undefined;
    }
  }
  return undefined;
}
