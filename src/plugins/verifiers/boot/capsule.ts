/** UEFI capsules of the firmware management protocol (UEFI 2.10, 8.5 and 23.3): PKCS #7 over each payload and its monotonic count. */
import { parseCms } from '../../../codecs/formats/cms.ts';
import { derOf, TAG } from '../../../codecs/formats/der.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import type { Signed } from '../../../codecs/signatures/trust.ts';
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
import { FaultError, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const CAPSULE = '6dcbd5ed-e82d-4c44-bda1-7194199ad92a';
const PKCS7 = '4aafd29d-68df-49ee-8aa9-347d375665a7';
const SIGNED_DATA = Buffer.from('2a864886f70d010702', 'hex');
const MOST_ITEMS = 64;
/** The head of an image item by its version. */
const HEADS: { readonly [version: number]: number } = { 1: 32, 2: 40, 3: 48 };

/** The first three parts of a GUID are little-endian. */
function guidOf(bytes: Buffer): string {
  const hex = (part: Buffer): string => part.toString('hex');
  const turned = (from: number, to: number): string => hex(Buffer.from(bytes.subarray(from, to)).reverse());
  return [turned(0, 4), turned(4, 6), turned(6, 8), hex(bytes.subarray(8, 10)), hex(bytes.subarray(10, 16))].join('-');
}

interface Capsule {
  readonly end: number;
  readonly drivers: readonly number[];
  readonly images: readonly number[];
}

function capsuleOf(artefact: Blob): Capsule | undefined {
  const head = header(artefact, 0, 28);
  if (head === undefined || guidOf(head) !== CAPSULE) return undefined;
  const [start, end] = [head.readUInt32LE(16), head.readUInt32LE(24)];
  const body = header(artefact, start, 8);
  if (start < 28 || body?.readUInt32LE(0) !== 1) return undefined;
  const [drivers, images] = [body.readUInt16LE(4), body.readUInt16LE(6)];
  if (drivers + images > MOST_ITEMS) throw new FaultError('over-budget', `a capsule of ${drivers + images} items`);
  const table = header(artefact, start + 8, 8 * (drivers + images));
  if (table === undefined) return undefined;
  const places = Array.from({ length: drivers + images }, (_, at) => start + Number(table.readBigUInt64LE(at * 8)));
  return { end, drivers: places.slice(0, drivers), images: places.slice(drivers) };
}

export const capsule: Verifier = {
  id: 'boot/capsule',
  title: 'UEFI capsule',
  recognise: (artefact) => capsuleOf(artefact) !== undefined,
  async verify(artefact, context) {
    const found = capsuleOf(artefact);
    const blank = blankVerdict(capsule, 'uefi-capsule');
    if (found === undefined) return blank;
    const { end, drivers, images } = found;
    if (end > artefact.size) {
      const all = [{ start: 0, end: artefact.size, what: 'capsule' }];
      const message = 'the capsule is shorter than its header states';
      return { ...blank, ...account(artefact.size, all, []), faults: [{ kind: 'truncated', message }] };
    }
    const parts: Item[] = [];
    for (const at of images) parts.push(await itemOf(artefact, at, end, context));
    const signatures = parts.flatMap(({ signed }) => signed);
    const ends = [...drivers.slice(1), ...images, end];
    const [first] = parts;
    return {
      ...blank,
      signed: signatures.length > 0,
      signatures: signatures.map(({ signature }) => signature),
      ...account(
        artefact.size,
        [
          ...drivers.map((start, index) => ({ start, end: ends[index] ?? end, what: 'embedded driver' })),
          ...parts.flatMap(({ payload }) => payload),
          ...(end < artefact.size ? [{ start: end, end: artefact.size, what: 'behind the capsule' }] : []),
        ],
        countedRanges(signatures),
      ),
      hardware: parts.map(({ device }) => device),
      ...(first?.version === undefined ? {} : { version: first.version }),
      ...(first?.rollback === undefined ? {} : { rollback: first.rollback }),
      notes: ['the identifier that chooses the device, and the index of the image, are signed by nothing'],
    };
  },
};

interface Item {
  readonly payload: readonly ByteRange[];
  readonly signed: readonly { readonly signature: Signed; readonly read: readonly Range[] }[];
  readonly device: string;
  readonly version?: string;
  readonly rollback?: UpdateVerdict['rollback'];
}

async function itemOf(artefact: Blob, at: number, last: number, context: VerifyContext): Promise<Item> {
  const head = header(artefact, at, 32);
  const size = HEADS[head?.readUInt32LE(0) ?? 0];
  if (head === undefined || size === undefined)
    throw new FaultError('malformed', 'an image item of an unknown version');
  const start = at + size;
  const end = start + head.readUInt32LE(24);
  const behind = end + head.readUInt32LE(28);
  if (behind > last) throw new FaultError('truncated', 'an image item is not all there');
  const device = guidOf(head.subarray(4, 20));
  const vendor = behind > end ? [{ start: end, end: behind, what: 'vendor code' }] : [];
  const place = authenticationOf(artefact, start, end);
  if (place === undefined)
    return {
      payload: [{ start, end, what: 'image' }, ...vendor],
      signed: [],
      device,
      ...versionOf(artefact, start, end),
    };
  const count = { start, end: start + 8 };
  const image = { start: place.end, end };
  const message = messageOf(artefact, [image, count]);
  const bytes = artefact.read(place.start, place.end - place.start);
  const signed = await signaturesOf(context, bytes, message);
  return {
    payload: [{ ...count, what: 'monotonic count' }, { ...image, what: 'image' }, ...vendor],
    signed: signed.map((signature) => ({ signature, read: message.read })),
    device,
    ...versionOf(artefact, image.start, end),
  };
}

/** EFI_FIRMWARE_IMAGE_AUTHENTICATION: a count, then WIN_CERTIFICATE_UEFI_GUID; gives where its PKCS #7 lies. */
function authenticationOf(artefact: Blob, start: number, end: number): Range | undefined {
  const head = header(artefact, start, 32);
  if (head === undefined || start + 32 > end) return undefined;
  const size = head.readUInt32LE(8);
  const kind =
    head.readUInt16LE(12) === 0x0200 && head.readUInt16LE(14) === 0x0ef1 && guidOf(head.subarray(16)) === PKCS7;
  if (!kind) return undefined;
  if (size < 24 || start + 8 + size > end) throw new FaultError('malformed', 'its signature reaches out of the image');
  return { start: start + 32, end: start + 8 + size };
}

async function signaturesOf(
  context: VerifyContext,
  bytes: Uint8Array,
  message: ReturnType<typeof messageOf>,
): Promise<readonly Signed[]> {
  try {
    const found = await cmsSignatures(context, parseCms(enveloped(bytes)), message);
    await message.digest('sha256', context.signal);
    return found;
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return [{ algorithm: 'CMS', outcome: 'broken', message: faultOf(error).message }];
  }
}

/** EDK II takes signed data without its ContentInfo too. */
function enveloped(bytes: Uint8Array): Uint8Array {
  const first = bytes[1] === 0x82 ? 4 : bytes[1] === 0x81 ? 3 : 2;
  if (bytes[0] !== TAG.sequence || bytes[first] !== TAG.integer || bytes.length > 0xf000) return bytes;
  return derOf(TAG.sequence, derOf(TAG.oid, SIGNED_DATA), derOf(0xa0, bytes));
}

/** The head that EDK II and U-Boot put before an image: its version, and the lowest that the device takes from then on. */
function versionOf(artefact: Blob, start: number, end: number): Pick<Item, 'version' | 'rollback'> {
  const head = start + 16 <= end ? header(artefact, start, 16) : undefined;
  if (head?.toString('latin1', 0, 4) !== 'MSS1') return {};
  const lowest = head.readUInt32LE(12);
  return { version: String(head.readUInt32LE(8)), rollback: { protected: lowest > 0, value: String(lowest) } };
}
