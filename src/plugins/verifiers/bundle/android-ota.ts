/** Android over-the-air zips: one CMS over the whole file, in the comment of the archive (AOSP, "Sign builds"), and the A/B payload within. */
import { parseCms } from '../../../codecs/formats/cms.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { type StrictZip, strictZip } from '../../../codecs/formats/zip-strict.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  countedRanges,
  type FoundSignature,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';
import { androidPayload } from './android-payload.ts';

interface Footer {
  /** What is signed: all up to the size of the comment. */
  readonly signed: number;
  readonly signature: Range;
}

const isZip = (artefact: Blob): boolean => header(artefact, 0, 4)?.readUInt32LE(0) === 0x04034b50;

/** The last six bytes: where the signature starts (from the end), two bytes of 0xFF, the size of the comment. */
function footerOf(artefact: Blob): Footer | undefined {
  if (!isZip(artefact)) return undefined;
  const foot = header(artefact, artefact.size - 6, 6);
  if (foot === undefined || foot.readUInt16LE(2) !== 0xffff) return undefined;
  const [start, comment] = [foot.readUInt16LE(0), foot.readUInt16LE(4)];
  const end = artefact.size - comment - 22;
  if (start > comment || start <= 6 || end < 0) return undefined;
  const record = header(artefact, end, 22);
  if (record?.readUInt32LE(0) !== 0x06054b50 || record.readUInt16LE(20) !== comment) return undefined;
  return { signed: end + 20, signature: { start: artefact.size - start, end: artefact.size - 6 } };
}

const PAYLOAD = 'payload.bin';

/** The members of a zip with a payload that is stored, as the device reads it in place. */
function withPayload(artefact: Blob): { readonly zip: StrictZip; readonly payload: Range } | undefined {
  try {
    const zip = isZip(artefact) ? strictZip(artefact) : undefined;
    const payload = zip?.entries.find(({ name, method }) => name === PAYLOAD && method === 0)?.data;
    return zip === undefined || payload === undefined ? undefined : { zip, payload };
  } catch (error) {
    // A zip that two readers read in two ways has no member that could be told.
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

export const androidOta: Verifier = {
  id: 'bundle/android-ota',
  title: 'Android over-the-air package',
  recognise: (artefact) => footerOf(artefact) !== undefined || withPayload(artefact) !== undefined,
  async verify(artefact, context) {
    const footer = footerOf(artefact);
    const inside = withPayload(artefact);
    const blank = blankVerdict(androidOta, 'android-ota');
    const parts = footer === undefined ? [] : await wholeParts(artefact, footer, context);
    const payload = inside === undefined ? undefined : await payloadWithin(artefact, inside.payload, context);
    const all = [...parts, ...(payload?.parts ?? [])];
    return {
      ...blank,
      signed: all.length > 0,
      signatures: all.map(({ signature }) => signature),
      ...account(artefact.size, contentOf(footer, inside, payload?.content ?? []), countedRanges(all)),
      ...(payload === undefined ? {} : payload.told),
    };
  },
};

interface Part {
  readonly signature: FoundSignature;
  readonly read: readonly Range[];
}

async function wholeParts(
  artefact: Blob,
  { signed, signature }: Footer,
  context: VerifyContext,
): Promise<readonly Part[]> {
  const { start, end } = signature;
  const message = messageOf(artefact, [{ start: 0, end: signed }]);
  const found = await cmsSignatures(context, parseCms(artefact.read(start, end - start)), message);
  return found.map((one) => ({ signature: one, read: message.read }));
}

interface Within {
  readonly parts: readonly Part[];
  /** What of it is installed or decides what is. */
  readonly content: readonly ByteRange[];
  readonly told: Partial<UpdateVerdict>;
}

/** What the payload says of itself; its ranges are those of the archive. */
async function payloadWithin(artefact: Blob, { start, end }: Range, context: VerifyContext): Promise<Within> {
  const seen = await androidPayload.verify(artefact.slice(start, end), context);
  const { signatures, broken, integrity, faults, notes, rollback } = seen;
  const here = (range: ByteRange): ByteRange => ({ ...range, start: range.start + start, end: range.end + start });
  const read = seen.covered.map(here);
  return {
    parts: signatures.map((one) => ({ signature: { ...one, message: `${PAYLOAD}: ${one.message}` }, read })),
    content: [...read, ...seen.uncovered.map(here)].map((range) => ({ ...range, what: PAYLOAD })),
    told: {
      broken: broken.map((one) => `${PAYLOAD}: ${one}`),
      integrity,
      faults,
      notes: notes.map((one) => `${PAYLOAD}: ${one}`),
      ...(rollback === undefined ? {} : { rollback }),
    },
  };
}

/** All of the archive where its signature is in it; else its members, and of the payload what is not signature. */
function contentOf(
  footer: Footer | undefined,
  inside: ReturnType<typeof withPayload>,
  payload: readonly ByteRange[],
): readonly ByteRange[] {
  if (footer !== undefined) return [{ start: 0, end: footer.signed, what: 'archive' }];
  const others = (inside?.zip.entries ?? []).filter(({ name }) => name !== PAYLOAD);
  return [...payload, ...others.map(({ name, data }) => ({ ...data, what: name }))];
}
