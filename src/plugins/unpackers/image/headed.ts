/** What vendors' wrappers share: a header that says where parts lie, parts that are looked at, and payloads that are sealed. */
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { givePartitions } from './partitioned.ts';

/** What a header says; all places count from its first byte. */
export interface Headed {
  readonly end: number;
  readonly note?: string;
  /** Bytes that are the header itself. */
  readonly table: number;
  readonly partitions: readonly Partition[];
  /** A payload that only the device can open. */
  readonly sealed?: { readonly start: number; readonly end: number };
  /** What of the header does not hold. */
  readonly broken?: string;
}

export type ReadHeader = (blob: Blob, offset: number) => Headed | undefined;

/** An unpacker that knows no more than its header; overlapping parts are given in order, each byte once. */
export function headed(identity: Pick<Unpacker, 'id' | 'title' | 'magic' | 'whole'>, read: ReadHeader): Unpacker {
  return {
    ...identity,
    class: 'image',
    locate(blob, offset) {
      const found = read(blob, offset);
      return found === undefined
        ? undefined
        : { start: offset, end: offset + found.end, ...(found.note === undefined ? {} : { note: found.note }) };
    },
    async unpack(container, into) {
      const found = read(container, 0);
      if (found === undefined) throw new FaultError('malformed', 'the header is gone');
      if (found.broken !== undefined) into.broken('', found.broken);
      const { sealed } = found;
      if (sealed !== undefined) into.note({ ...sealed, what: 'encrypted payload', kind: 'encrypted' });
      else
        await givePartitions(
          container,
          { partitions: apart(found.partitions), table: Math.min(found.table, container.size), end: container.size },
          into,
        );
      if (sealed !== undefined) throw new FaultError('encrypted', `${identity.title}: the payload is encrypted`);
    },
  };
}

function apart(partitions: readonly Partition[]): Partition[] {
  const result: Partition[] = [];
  let at = 0;
  for (const one of partitions.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start)) {
    if (one.start < at) continue;
    result.push(one);
    at = one.end;
  }
  return result;
}
