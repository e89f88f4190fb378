/** Payloads of Android's A/B updates (AOSP update_engine, `update_metadata.proto`): signatures of the metadata and of the whole. */
import { header } from '../../../codecs/formats/fields.ts';
import { type Field, fieldsOf, numberOf, octetsOf } from '../../../codecs/formats/protobuf.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { attribute, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  countedRanges,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const HEADER = 24;
const MOST_MANIFEST = 256 << 20;
const MOST_SIGNATURES = 1 << 20;
const MOST_OPERATIONS = 500_000;

type Fields = ReadonlyMap<number, readonly Field[]>;

interface Payload {
  readonly manifest: Fields;
  readonly metadata: Range;
  readonly metadataSignature: Range;
  readonly blobs: Range;
  /** Signatures of the whole; empty when there are none. */
  readonly signatures: Range;
}

const isPayload = (artefact: Blob): boolean => {
  const head = header(artefact, 0, HEADER);
  return head?.toString('latin1', 0, 4) === 'CrAU' && head.readBigUInt64BE(4) === 2n;
};

/** Throws FaultError where a part is not all there. */
function payloadOf(artefact: Blob): Payload {
  const head = header(artefact, 0, HEADER);
  if (head === undefined) throw new FaultError('truncated', 'the payload ends inside its header');
  const size = Number(head.readBigUInt64BE(12));
  if (size > MOST_MANIFEST) throw new FaultError('over-budget', `a manifest of ${size} bytes`);
  const end = HEADER + size;
  const start = end + head.readUInt32BE(20);
  if (start > artefact.size) throw new FaultError('truncated', 'the payload ends inside its metadata');
  const manifest = fieldsOf(artefact.read(HEADER, size));
  const [offset, length] = [numberOf(manifest, 4), numberOf(manifest, 5)];
  const last = offset === undefined ? artefact.size : start + offset;
  const signatures = { start: last, end: last + (offset === undefined ? 0 : (length ?? 0)) };
  if (signatures.end > artefact.size)
    throw new FaultError('truncated', 'the payload is shorter than its manifest states');
  return {
    manifest,
    metadata: { start: 0, end },
    metadataSignature: { start: end, end: start },
    blobs: { start, end: last },
    signatures,
  };
}

export const androidPayload: Verifier = {
  id: 'bundle/android-payload',
  title: 'Android A/B payload',
  recognise: isPayload,
  async verify(artefact, context) {
    const payload = payloadOf(artefact);
    const { metadata, blobs, signatures, metadataSignature } = payload;
    const whole = messageOf(artefact, [metadata, blobs]);
    const operations = await operationsOf(artefact, payload, context);
    const ofMetadata = messageOf(artefact, [metadata]);
    const parts = [
      ...(await signed(artefact, signatures, whole, context, 'payload')),
      ...(await signed(artefact, metadataSignature, ofMetadata, context, 'metadata')),
    ];
    // The manifest binds the data of an operation by its hash, also where the metadata alone is signed.
    const bound = parts.map((part) =>
      part.of === 'metadata' ? { ...part, read: [...part.read, ...operations.held] } : part,
    );
    const newest = numberOf(payload.manifest, 14);
    return {
      ...blankVerdict(androidPayload, 'android-payload'),
      signed: parts.length > 0,
      signatures: parts.map(({ signature }) => signature),
      ...account(artefact.size, contentsOf(artefact, payload), countedRanges(bound)),
      integrity: operations.integrity,
      broken: parts.length === 0 ? [] : operations.broken,
      ...(newest === undefined ? {} : { rollback: { protected: parts.length > 0, value: String(newest) } }),
      notes: [
        ...(parts.some(({ of }) => of === 'metadata') ? [] : ['the metadata is not signed by itself']),
        ...(operations.loose === 0 ? [] : [`${operations.loose} operations without a hash of their data`]),
      ],
    };
  },
};

function contentsOf(artefact: Blob, { metadata, blobs, signatures }: Payload): readonly ByteRange[] {
  const behind = { start: signatures.end, end: artefact.size, what: 'behind the signatures' };
  return [
    { ...metadata, what: 'header and manifest' },
    { ...blobs, what: 'data of operations' },
    ...(behind.start < behind.end ? [behind] : []),
  ];
}

interface Part {
  readonly of: 'payload' | 'metadata';
  readonly signature: Signed;
  readonly read: readonly Range[];
}

/** Signatures { 1: signature { 2: octets, filled to a size; 3: their number } }; any one of them is enough for a device. */
async function signed(
  artefact: Blob,
  { start, end }: Range,
  message: Message,
  context: VerifyContext,
  of: Part['of'],
): Promise<readonly Part[]> {
  if (end - start > MOST_SIGNATURES) throw new FaultError('over-budget', `signatures of ${end - start} bytes`);
  const found: Part[] = [];
  for (const one of (fieldsOf(artefact.read(start, end - start)).get(1) ?? []).slice(0, 16)) {
    const fields = fieldsOf(octets(one));
    const filled = octetsOf(fields, 2) ?? Buffer.alloc(0);
    const signature = filled.subarray(0, sizeOf(octetsOf(fields, 3)) ?? filled.length);
    const scheme =
      signature.length < 200
        ? ({ algorithm: 'ECDSA', hash: 'sha256', encoding: 'der' } as const)
        : ({ algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha256' } as const);
    const claim = await attribute(context, { scheme, message, signature });
    await message.digest('sha256', context.signal);
    found.push({ of, signature: { ...claim, message: `${of}: ${claim.message}` }, read: message.read });
  }
  return found;
}

interface Operations {
  readonly held: Range[];
  readonly broken: string[];
  readonly integrity: UpdateVerdict['integrity'][number][];
  loose: number;
}

/** Partition { 1: name, 8: operation { 2: offset, 3: length, 8: SHA-256 of the data } }. */
async function operationsOf(artefact: Blob, { manifest, blobs }: Payload, context: VerifyContext): Promise<Operations> {
  const found: Operations = { held: [], broken: [], integrity: [], loose: 0 };
  let left = MOST_OPERATIONS;
  for (const partition of manifest.get(13) ?? []) {
    const fields = fieldsOf(octets(partition));
    const name = octetsOf(fields, 1)?.toString('utf8') ?? 'partition';
    const before = { broken: found.broken.length, loose: found.loose };
    const operations = fields.get(8) ?? [];
    left -= operations.length;
    if (left < 0) throw new FaultError('over-budget', 'too many operations');
    for (const operation of operations)
      await operationHolds(artefact, blobs, { fields: fieldsOf(octets(operation)), name }, { found, context });
    if (found.loose === before.loose)
      found.integrity.push({ algorithm: 'SHA-256', over: name, holds: found.broken.length === before.broken });
  }
  return found;
}

const sizeOf = (fixed: Buffer | undefined): number | undefined =>
  fixed?.length === 4 ? fixed.readUInt32LE(0) : undefined;

function octets(field: Field): Buffer {
  if (!Buffer.isBuffer(field)) throw new FaultError('malformed', 'a number where a message belongs');
  return field;
}

async function operationHolds(
  artefact: Blob,
  blobs: Range,
  { fields, name }: { readonly fields: Fields; readonly name: string },
  { found, context }: { readonly found: Operations; readonly context: VerifyContext },
): Promise<void> {
  const [offset, length] = [numberOf(fields, 2), numberOf(fields, 3)];
  // Zeroing and copying within the device bring no data.
  if (offset === undefined || length === undefined || length === 0) return;
  const range = { start: blobs.start + offset, end: blobs.start + offset + length };
  if (range.end > blobs.end) {
    found.broken.push(`${name}: an operation reads beyond the data`);
    return;
  }
  const stated = octetsOf(fields, 8);
  if (stated === undefined) {
    found.loose += 1;
    return;
  }
  const digest = await messageOf(artefact, [range]).digest('sha256', context.signal);
  if (digest.equals(stated)) found.held.push(range);
  else if (found.broken.length < 100) found.broken.push(`${name}: the data of an operation is not what its hash says`);
}
