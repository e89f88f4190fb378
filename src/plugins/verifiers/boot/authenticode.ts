/** PE files of UEFI signed by Authenticode (Microsoft, "Windows Authenticode Portable Executable Signature Format"). */
import { type Cms, hashOf, parseCms } from '../../../codecs/formats/cms.ts';
import { derChild, derChildren, derWhole, TAG } from '../../../codecs/formats/der.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { timestampOf } from '../../../codecs/signatures/timestamp.ts';
import type { Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  blankVerdict,
  countedRanges,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

interface Layout {
  /** Where the checksum and the directory entry of the certificates lie: both are left out of the digest. */
  readonly checksum: number;
  readonly entry: number;
  readonly table: Range;
}

const MOST_SIGNATURES = 16;
const MOST_NESTED = 4;
const INDIRECT = '1.3.6.1.4.1.311.2.1.4';
/** Further signatures of the same program, in an attribute of the first. */
const NESTED = '1.3.6.1.4.1.311.2.4.1';

function layoutOf(artefact: Blob): Layout | undefined {
  const dos = header(artefact, 0, 64);
  if (dos === undefined || dos.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = dos.readUInt32LE(60);
  const head = header(artefact, at, 24 + 112);
  if (head === undefined || head.readUInt32LE(0) !== 0x4550) return undefined;
  const wide = head.readUInt16LE(24) === 0x20b;
  const checksum = at + 24 + 64;
  const entry = at + 24 + (wide ? 112 : 96) + 4 * 8;
  const place = header(artefact, entry, 8);
  if (place === undefined) return undefined;
  const start = place.readUInt32LE(0);
  return { checksum, entry, table: { start, end: start + place.readUInt32LE(4) } };
}

export const authenticode: Verifier = {
  id: 'boot/authenticode',
  title: 'UEFI program (Authenticode)',
  recognise: (artefact) => layoutOf(artefact) !== undefined,
  async verify(artefact, context) {
    const layout = layoutOf(artefact);
    const blank = { ...blankVerdict(authenticode, 'pe'), updateByNature: false };
    if (layout === undefined) return blank;
    const { table, checksum, entry } = layout;
    const bare = table.start === 0 || table.end === table.start;
    const end = bare ? artefact.size : table.start;
    const payload = [
      { start: 0, end: checksum, what: 'program' },
      { start: checksum + 4, end: entry, what: 'program' },
      { start: entry + 8, end, what: 'program' },
      // What lies behind the certificates is in the file, and in no digest.
      ...(bare || table.end >= artefact.size
        ? []
        : [{ start: table.end, end: artefact.size, what: 'behind the signatures' }]),
    ];
    if (bare) return { ...blank, ...account(artefact.size, payload, []) };
    if (table.end > artefact.size || table.start < entry + 8)
      return {
        ...blank,
        ...account(artefact.size, payload, []),
        faults: [{ kind: 'truncated', message: 'its signatures lie outside the file' }],
      };
    const parts: Part[] = [];
    for (const place of certificates(artefact, table)) parts.push(...(await partsOf(artefact, layout, place, context)));
    return {
      ...blank,
      signed: parts.length > 0,
      signatures: parts.map(({ signature }) => signature),
      ...account(artefact.size, payload, countedRanges(parts)),
    };
  },
};

interface Part {
  readonly signature: Signed;
  readonly read: readonly Range[];
}

/** WIN_CERTIFICATE structures, each on eight bytes; kind 2 is PKCS #7. */
function* certificates(artefact: Blob, table: Range): Generator<Range> {
  let at = table.start;
  for (let count = 0; at + 8 <= table.end && count < MOST_SIGNATURES; count++) {
    const head = header(artefact, at, 8);
    const size = head?.readUInt32LE(0) ?? 0;
    if (head === undefined || size < 8 || at + size > table.end) return;
    if (head.readUInt16LE(6) === 2) yield { start: at + 8, end: at + size };
    at += Math.ceil(size / 8) * 8;
  }
}

async function partsOf(artefact: Blob, layout: Layout, place: Range, context: VerifyContext): Promise<readonly Part[]> {
  try {
    const bytes = trimmed(artefact.read(place.start, place.end - place.start));
    return await signedParts(artefact, layout, parseCms(bytes), context);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return [{ signature: { algorithm: 'Authenticode', outcome: 'broken', message: faultOf(error).message }, read: [] }];
  }
}

async function signedParts(
  artefact: Blob,
  layout: Layout,
  cms: Cms,
  context: VerifyContext,
  depth = 0,
): Promise<readonly Part[]> {
  if (cms.content === undefined || cms.contentType !== INDIRECT)
    throw new FaultError('malformed', 'the signature is of something else than a program');
  const message = messageOf(artefact, [
    { start: 0, end: layout.checksum },
    { start: layout.checksum + 4, end: layout.entry },
    { start: layout.entry + 8, end: layout.table.start },
  ]);
  const info = derChildren(derChild(derChildren({ value: cms.content }), 1, TAG.sequence));
  const hash = hashOf(derChild(info, 0, TAG.sequence));
  const holds = (await message.digest(hash, context.signal)).equals(derChild(info, 1, TAG.octets).value);
  const content = messageOf(memoryBlob(cms.content), [{ start: 0, end: cms.content.length }]);
  const [signer] = cms.signers;
  const stamp = signer === undefined ? undefined : await timestampOf(context, signer);
  // What a vouched-for clock saw in time stays valid when the certificate has expired since.
  const now = stamp?.at ?? context.now;
  const signatures = await cmsSignatures({ ...context, now }, cms, content);
  const parts = signatures.map((signature): Part => {
    const told = stamp === undefined ? signature : { ...signature, message: `${signature.message}; ${stamp.told}` };
    return holds
      ? { signature: told, read: message.read }
      : {
          signature: { ...signature, outcome: 'broken', message: 'the program is not the one that was signed' },
          read: [],
        };
  });
  const nested = depth < MOST_NESTED ? (signer?.unsigned.get(NESTED) ?? []).slice(0, MOST_SIGNATURES) : [];
  for (const { whole } of nested)
    parts.push(...(await signedParts(artefact, layout, parseCms(whole), context, depth + 1)));
  return parts;
}

/** The structure is filled to eight bytes behind its DER. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const size = bytes[1] === 0x82 ? 4 + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) : bytes.length;
  const rest = bytes.subarray(size);
  if (rest.length < 8 && rest.every((byte) => byte === 0)) return derWhole(bytes.subarray(0, size)).whole;
  return bytes;
}
