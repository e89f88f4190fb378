/** Android's super partition: logical volumes by extents, from the first good copy of the metadata. */
import { createHash } from 'node:crypto';
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const GEOMETRY = 4096;
const SECTOR = 512;
const MOST = 4096;

interface Extent {
  readonly start: number;
  readonly size: number;
  readonly hole: boolean;
}
interface Volumes {
  readonly end: number;
  readonly table: number;
  readonly volumes: readonly { readonly name: string; readonly extents: readonly Extent[] }[];
}

function volumesAt(blob: Blob, offset: number): Volumes | undefined {
  const geometry = header(blob, offset + GEOMETRY, 52);
  if (geometry === undefined || geometry.readUInt32LE(0) !== 0x616c4467 || geometry.readUInt32LE(4) !== 52)
    return undefined;
  const most = geometry.readUInt32LE(40);
  const slots = geometry.readUInt32LE(44);
  if (most === 0 || most > 2 ** 20 || slots === 0 || slots > 64) return undefined;
  // Two copies of the geometry, then the slots, then the same slots again.
  for (let slot = 0; slot < slots * 2; slot++) {
    const found = metadataAt(blob, offset, 3 * GEOMETRY + slot * most, most);
    if (found !== undefined) return { ...found, table: 3 * GEOMETRY + slots * 2 * most };
  }
  return undefined;
}

function metadataAt(blob: Blob, offset: number, at: number, most: number): Omit<Volumes, 'table'> | undefined {
  const head = header(blob, offset + at, 128);
  if (head === undefined || head.readUInt32LE(0) !== 0x414c5030) return undefined;
  const size = head.readUInt32LE(8);
  const tablesSize = head.readUInt32LE(44);
  if (size < 128 || size > 4096 || tablesSize > most) return undefined;
  const tables = header(blob, offset + at + size, tablesSize);
  if (tables === undefined || !createHash('sha256').update(tables).digest().equals(head.subarray(48, 80)))
    return undefined;
  const [partitions, extents, , devices] = [80, 92, 104, 116].map((place) => ({
    at: head.readUInt32LE(place),
    count: head.readUInt32LE(place + 4),
    size: head.readUInt32LE(place + 8),
  }));
  const fits = [partitions!, extents!, devices!].every(
    (one) => one.count <= MOST && one.size >= 24 && one.at + one.count * one.size <= tables.length,
  );
  if (!fits || partitions!.size < 52 || devices!.size < 64 || devices!.count === 0) return undefined;
  const extentAt = (index: number): Extent | undefined => {
    if (index >= extents!.count) return undefined;
    const place = extents!.at + index * extents!.size;
    return {
      size: Number(tables.readBigUInt64LE(place)) * SECTOR,
      hole: tables.readUInt32LE(place + 8) !== 0,
      start: Number(tables.readBigUInt64LE(place + 12)) * SECTOR,
    };
  };
  const volumes = Array.from({ length: partitions!.count }, (_, index) => {
    const place = partitions!.at + index * partitions!.size;
    const first = tables.readUInt32LE(place + 40);
    const count = Math.min(tables.readUInt32LE(place + 44), MOST);
    const name = printable(tables.subarray(place, place + 36)) ?? `volume-${index}`;
    const own = Array.from({ length: count }, (__, number) => extentAt(first + number));
    return { name, extents: own.filter((one) => one !== undefined) };
  });
  return { end: Number(tables.readBigUInt64LE(devices!.at + 16)), volumes };
}

function* content(container: Blob, extents: readonly Extent[]): Generator<Uint8Array> {
  for (const { start, size, hole } of extents) {
    if (hole) for (let left = size; left > 0; left -= 2 ** 20) yield new Uint8Array(Math.min(left, 2 ** 20));
    else yield* chunksOf(container.slice(start, start + size));
  }
}

export const androidSuper: Unpacker = {
  id: 'image/android-super',
  title: 'Android super partition',
  class: 'image',
  magic: [{ bytes: [0x67, 0x44, 0x6c, 0x61], at: GEOMETRY }],
  locate(blob, offset) {
    const found = volumesAt(blob, offset);
    if (found === undefined) return undefined;
    const names = found.volumes.filter(({ extents }) => extents.length > 0).map(({ name }) => name);
    return { start: offset, end: offset + found.end, note: names.join(', ').slice(0, 200) };
  },
  async unpack(container, into) {
    const found = volumesAt(container, 0);
    if (found === undefined) throw new FaultError('malformed', 'no metadata of logical volumes');
    for (const { name, extents } of found.volumes) {
      if (extents.length === 0) continue;
      const whole = extents.every(({ start, size, hole }) => hole || start + size <= container.size);
      if (!whole) into.broken(name, 'lies partly beyond the end of the image');
      const [only] = extents;
      if (extents.length === 1 && only !== undefined && !only.hole)
        await into.part(name, container.slice(only.start, only.start + only.size));
      else await into.part(name, content(container, extents));
    }
  },
};
