/** Payloads of Android's updates (payload.bin, version 2): whole partitions are put together; differences are told. */
import { decodeBzip2 } from '../../../codecs/compression/bzip2.ts';
import { decodeXz } from '../../../codecs/compression/xz.ts';
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { type Field, fieldsOf, numberOf, octetsOf } from '../../../codecs/formats/protobuf.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const HEAD = 24;
const MOST_MANIFEST = 64 * 2 ** 20;
const MOST_BLOCKS = 2 ** 26;

const Kind = { replace: 0, bzip2: 1, zero: 6, discard: 7, xz: 8 } as const;

interface Operation {
  readonly kind: number;
  readonly start: number;
  readonly size: number;
  readonly block: number;
  readonly blocks: number;
}
interface Payload {
  readonly data: number;
  readonly end: number;
  readonly blockSize: number;
  readonly signed: boolean;
  readonly partitions: readonly { readonly name: string; readonly operations: readonly Operation[] }[];
}

const messages = (
  fields: ReadonlyMap<number, readonly Field[]>,
  number: number,
): ReadonlyMap<number, readonly Field[]>[] =>
  (fields.get(number) ?? []).flatMap((value) => (Buffer.isBuffer(value) ? [fieldsOf(value)] : []));

function operationOf(fields: ReadonlyMap<number, readonly Field[]>): Operation[] {
  const kind = numberOf(fields, 1) ?? 0;
  const start = numberOf(fields, 2) ?? 0;
  const size = numberOf(fields, 3) ?? 0;
  const targets = messages(fields, 6).map((one) => ({ block: numberOf(one, 1) ?? 0, blocks: numberOf(one, 2) ?? 0 }));
  if (targets.length === 1 || kind === Kind.zero || kind === Kind.discard)
    return targets.map((target) => ({ kind, start, size, ...target }));
  // One stream over several runs of blocks: only where they follow each other is it one run.
  const first = targets[0];
  if (first === undefined) return [];
  const blocks = targets.reduce((sum, one) => sum + one.blocks, 0);
  const joined = targets.every(
    (one, index) => index === 0 || one.block === targets[index - 1]!.block + targets[index - 1]!.blocks,
  );
  return [{ kind: joined ? kind : -1, start, size, block: first.block, blocks }];
}

function payloadAt(blob: Blob, offset: number): Payload | undefined {
  const head = header(blob, offset, HEAD);
  if (head === undefined || head.readBigUInt64BE(4) !== 2n) return undefined;
  const size = Number(head.readBigUInt64BE(12));
  if (size === 0 || size > MOST_MANIFEST) return undefined;
  const bytes = header(blob, offset + HEAD, size);
  if (bytes === undefined) return undefined;
  const manifest = fieldsOf(bytes);
  const data = HEAD + size + head.readUInt32BE(20);
  const partitions = messages(manifest, 13).map((fields, index) => ({
    name: octetsOf(fields, 1)?.toString('utf8') ?? `partition-${index}`,
    operations: messages(fields, 8).flatMap(operationOf),
  }));
  const signature = numberOf(manifest, 5) ?? 0;
  let end = data + (signature > 0 ? (numberOf(manifest, 4) ?? 0) + signature : 0);
  for (const { operations } of partitions)
    for (const one of operations) end = Math.max(end, data + one.start + one.size);
  const blockSize = numberOf(manifest, 3) ?? 4096;
  return partitions.length === 0 ? undefined : { data, end, blockSize, signed: signature > 0, partitions };
}

function* decoded(kind: number, bytes: Blob): Generator<Uint8Array> {
  if (kind === Kind.replace) yield* chunksOf(bytes);
  else if (kind === Kind.bzip2) yield* decodeBzip2(bytes);
  else if (kind === Kind.xz) yield* decodeXz(bytes);
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= 2 ** 20) yield new Uint8Array(Math.min(left, 2 ** 20));
}

/** The partition from its first block to its last; what an operation leaves short is zeros. */
async function* contentOf(
  container: Blob,
  { data, blockSize }: Payload,
  operations: readonly Operation[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let block = 0;
  for (const one of [...operations].sort((a, b) => a.block - b.block)) {
    signal.throwIfAborted();
    if (one.block < block) throw new FaultError('malformed', 'two operations write one block');
    yield* zeros((one.block - block) * blockSize);
    let left = one.blocks * blockSize;
    for (const chunk of decoded(one.kind, container.slice(data + one.start, data + one.start + one.size))) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0) yield part;
      await new Promise(setImmediate);
    }
    yield* zeros(left);
    block = one.block + one.blocks;
  }
}

const WHOLE: ReadonlySet<number> = new Set(Object.values(Kind));

export const androidPayload: Unpacker = {
  id: 'image/android-payload',
  title: 'Android update payload',
  class: 'archive',
  magic: [{ bytes: ascii('CrAU') }],
  locate(blob, offset) {
    const found = payloadAt(blob, offset);
    if (found === undefined) return undefined;
    const names = found.partitions.map(({ name }) => name).join(', ');
    return {
      start: offset,
      end: offset + found.end,
      note: `${found.signed ? 'signed' : 'not signed'}, ${names}`.slice(0, 200),
    };
  },
  async unpack(container, into, { signal }) {
    const found = payloadAt(container, 0);
    if (found === undefined) throw new FaultError('malformed', 'no manifest');
    if (found.blockSize < 512 || found.blockSize > 2 ** 20)
      throw new FaultError('malformed', 'blocks of no usual size');
    for (const { name, operations } of found.partitions) {
      const differs = operations.some(({ kind }) => !WHOLE.has(kind));
      const huge = operations.some(({ block, blocks }) => !(block + blocks <= MOST_BLOCKS));
      if (differs || huge) {
        into.broken(name, huge ? 'larger than any partition' : 'only what changed is in the payload: not put together');
        const spans = operations.filter(({ size }) => size > 0);
        for (const { start, size } of spans.slice(0, 10_000))
          into.note({
            start: found.data + start,
            end: found.data + start + size,
            what: `${name}: a difference`,
            kind: 'unknown',
          });
        continue;
      }
      await into.part(name, contentOf(container, found, operations, signal));
    }
  },
};
