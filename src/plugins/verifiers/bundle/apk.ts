/** Android packages: schemes 1 (JAR), 2, 3, 3.1 and 4 (AOSP, "Application Signing"), rotation of keys, and schemes that were stripped. */
import { createHash } from 'node:crypto';
import {
  type ApkBlock,
  type ApkSigner,
  apkBlock,
  apkSigners,
  type LineageNode,
  lineageOf,
  SCHEMES,
} from '../../../codecs/formats/apk-block.ts';
import { certificateOf } from '../../../codecs/formats/cms.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { type StrictZip, strictZip } from '../../../codecs/formats/zip-strict.ts';
import { check, type Scheme } from '../../../codecs/signatures/check.ts';
import { certificateSeen, oneLine } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { keyOfCertificate, publicKey } from '../../../codecs/signatures/public-key.ts';
import { attribute, orBroken, publicKeysOf, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  countedRanges,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';
import { ALGORITHMS } from './apk-algorithms.ts';
import { jarSigned } from './apk-jar.ts';
import { fourthScheme } from './apk-v4.ts';

/** Attributes: the scheme that must be there too, and the proof of rotation. */
const STRIPPING = 0xbeeff00d;
const ROTATION = 0x3ba06f8c;
const CHUNK = 1 << 20;

interface Part {
  readonly signature: Signed;
  readonly read: readonly Range[];
}

interface Package {
  readonly zip: StrictZip;
  readonly block?: ApkBlock;
}

/** A zip of its own, with the manifest of an app or with a block of signatures. */
function isPackage(artefact: Blob): boolean {
  if (header(artefact, 0, 4)?.readUInt16LE(0) !== 0x4b50) return false;
  const zip = strictZip(artefact);
  return (
    zip.entries.some(({ name }) => name === 'AndroidManifest.xml') ||
    apkBlock(artefact, zip.directory.start) !== undefined
  );
}

export const apk: Verifier = {
  id: 'bundle/apk',
  title: 'Android package',
  recognise: (artefact, { name }) =>
    (/\.apk$/i.test(name) && header(artefact, 0, 4)?.readUInt16LE(0) === 0x4b50) || isPackage(artefact),
  async verify(artefact, context) {
    const zip = strictZip(artefact);
    const block = apkBlock(artefact, zip.directory.start);
    const found: Package = { zip, ...(block === undefined ? {} : { block }) };
    const jar = await jarSigned(artefact, withoutBlock(found), context);
    const seen = await schemesOf(artefact, found, context);
    const stripped = [
      ...seen.stripped,
      ...(jar?.parts.flatMap(({ others }) => others) ?? []).filter(
        (one) => ['2', '3'].includes(one) && !seen.present.has(one),
      ),
    ];
    const fourth = await fourthScheme(artefact, seen.digests, context);
    const parts: readonly Part[] = [...seen.parts, ...(jar?.parts ?? []), ...(fourth === undefined ? [] : [fourth])];
    const whole = block !== undefined && seen.present.size > 0;
    return {
      ...blankVerdict(apk, 'apk'),
      signed: parts.length > 0,
      signatures: parts.map(({ signature }) => signature),
      ...account(artefact.size, whole ? archiveOf(zip, block) : membersOf(zip, jar?.payload), countedRanges(parts)),
      broken: [
        ...new Set(stripped.map((one) => `it was signed by scheme ${one} too, and that signature was taken away`)),
        ...(jar?.broken ?? []),
      ],
      faults: [...seen.faults, ...(fourth?.faults ?? [])],
      notes: [
        ...[...seen.present].map((one) => `scheme ${one}`),
        ...(jar === undefined ? [] : ['scheme 1 (JAR)']),
        ...(fourth === undefined ? [] : ['scheme 4 (beside the package)']),
        ...(jar !== undefined && !whole
          ? ['scheme 1 alone binds members only: bytes around them are in no digest']
          : []),
        ...seen.notes,
      ],
    };
  },
};

const archiveOf = ({ directory, end }: StrictZip, { range }: ApkBlock): readonly ByteRange[] =>
  [{ start: 0, end: range.start }, directory, end].map((part) => ({ ...part, what: 'archive' }));

const membersOf = ({ entries }: StrictZip, payload: readonly ByteRange[] | undefined): readonly ByteRange[] =>
  payload ?? entries.map(({ name, data }) => ({ ...data, what: name }));

/** The block of signatures lies between members and directory: no gap. */
const withoutBlock = ({ zip, block }: Package): StrictZip =>
  block === undefined
    ? zip
    : { ...zip, gaps: zip.gaps.filter(({ start, end }) => start !== block.range.start || end !== block.range.end) };

interface Seen {
  readonly parts: Part[];
  readonly present: Set<string>;
  readonly stripped: string[];
  readonly notes: string[];
  readonly faults: Fault[];
  /** Content digests that signers state. */
  readonly digests: Buffer[];
}

async function schemesOf(artefact: Blob, found: Package, context: VerifyContext): Promise<Seen> {
  const seen: Seen = { parts: [], present: new Set(), stripped: [], notes: [], faults: [], digests: [] };
  const { block } = found;
  if (block === undefined) return seen;
  const digests = new Map<string, Content>();
  const digest = (hash: string): Content => {
    const known = digests.get(hash) ?? contentDigest(artefact, found.zip, block, hash);
    digests.set(hash, known);
    return known;
  };
  for (const { id, value } of block.pairs) {
    const scheme = SCHEMES.get(id);
    if (scheme === undefined) continue;
    seen.present.add(scheme);
    for (const signer of apkSigners(value, scheme)) await signerParts({ signer, scheme, digest, seen }, context);
  }
  const required = seen.stripped.splice(0);
  seen.stripped.push(...required.filter((one) => !seen.present.has(one)));
  return seen;
}

interface Signing {
  readonly signer: ApkSigner;
  readonly scheme: string;
  readonly digest: (hash: string) => Content;
  readonly seen: Seen;
}

async function signerParts({ signer, scheme, digest, seen }: Signing, context: VerifyContext): Promise<void> {
  const must = signer.attributes.get(STRIPPING);
  if (must?.length === 4) seen.stripped.push(String(must.readUInt32LE(0)));
  seen.digests.push(...signer.digests.map(({ bytes }) => bytes));
  const known = signer.signatures.filter(({ algorithm }) => ALGORITHMS.has(algorithm));
  if (known.length === 0)
    seen.faults.push({ kind: 'unsupported', message: `scheme ${scheme}: no signature of a known algorithm` });
  const rotated = signer.attributes.get(ROTATION);
  for (const { algorithm, bytes } of known.slice(0, 8)) {
    const stated = ALGORITHMS.get(algorithm) as Scheme;
    let read: readonly Range[] = [];
    const signature = await orBroken(stated.algorithm, async () => {
      const claim = await claimOf(signer, stated, bytes, context);
      const content = digest(stated.hash);
      const fault = unfit(signer, algorithm, content);
      if (fault !== undefined) return { ...claim, outcome: 'broken', message: fault };
      if (claim.outcome !== 'broken') read = content.read;
      return rotated === undefined ? claim : throughRotation(claim, signer, lineageOf(rotated), { context, seen });
    });
    seen.parts.push({ signature: { ...signature, message: `scheme ${scheme}: ${signature.message}` }, read });
  }
}

/** What the certificate, the levels and the digests of a signer contradict. */
function unfit(signer: ApkSigner, algorithm: number, content: Content): string | undefined {
  const algorithms = (list: readonly { readonly algorithm: number }[]): string =>
    list.map((one) => one.algorithm).join();
  if (algorithms(signer.digests) !== algorithms(signer.signatures))
    return 'digests and signatures are of other algorithms';
  if (signer.levels !== undefined && String(signer.levels.signed) !== String(signer.levels.stated))
    return 'the API levels are not the ones that were signed';
  const digest = signer.digests.find((one) => one.algorithm === algorithm);
  return digest?.bytes.equals(content.digest) === true ? undefined : 'the archive is not the one that was signed';
}

async function claimOf(signer: ApkSigner, scheme: Scheme, signature: Buffer, context: VerifyContext): Promise<Signed> {
  const [first] = signer.certificates;
  const certificate = first === undefined ? undefined : certificateOf(first);
  const embedded = publicKey(signer.publicKey);
  if (certificate === undefined || keyOfCertificate(certificate).fingerprint !== embedded.fingerprint)
    return { algorithm: scheme.algorithm, outcome: 'broken', message: 'the certificate is of another key' };
  const message = messageOf(memoryBlob(signer.signed), [{ start: 0, end: signer.signed.length }]);
  const claim = await attribute(context, { scheme, message, signature, embedded });
  // Devices look at the key alone: an app's certificate vouches for nothing, and its dates are told only.
  return { ...claim, signer: oneLine(certificate.subject), certificate: certificateSeen(certificate, context.now) };
}

interface Around {
  readonly context: VerifyContext;
  readonly seen: Seen;
}

/** A key that was given may have passed its right on: each key of the lineage signs the next one's certificate. */
async function throughRotation(
  claim: Signed,
  signer: ApkSigner,
  nodes: readonly LineageNode[],
  { context, seen }: Around,
): Promise<Signed> {
  const last = nodes.at(-1);
  if (last === undefined || !last.certificate.equals(signer.certificates[0] ?? Buffer.alloc(0)))
    return { ...claim, outcome: 'broken', message: 'the proof of rotation ends in another certificate' };
  for (const [index, node] of nodes.entries()) {
    const before = nodes[index - 1];
    if (before === undefined) continue;
    const scheme = ALGORITHMS.get(before.next);
    const message = messageOf(memoryBlob(node.signed), [{ start: 0, end: node.signed.length }]);
    const key = keyOfCertificate(certificateOf(before.certificate));
    const good =
      scheme !== undefined &&
      node.by === before.next &&
      (await check(scheme, key, message, node.signature)).outcome === 'good';
    if (!good) return { ...claim, outcome: 'broken', message: 'the proof of rotation does not hold' };
  }
  const keys = nodes.map(({ certificate }) => keyOfCertificate(certificateOf(certificate)));
  seen.notes.push(
    `the key was rotated ${nodes.length - 1} times: ${keys.map(({ fingerprint }) => fingerprint.slice(0, 16)).join(', then ')}`,
  );
  const ancestor = publicKeysOf(context.keys).find(({ key }) =>
    keys.some(({ fingerprint }) => fingerprint === key.fingerprint),
  );
  if (claim.outcome !== 'wrong-key' || ancestor === undefined) return claim;
  return {
    ...claim,
    outcome: 'verified',
    verifiedBy: ancestor.name,
    message: `verifies through a rotation from ${ancestor.name}`,
  };
}

interface Content {
  readonly digest: Buffer;
  readonly read: readonly Range[];
}

/** Digests of pieces of 1 MiB of the three parts around the block; the end states where the block starts, as if it were not there. */
function contentDigest(artefact: Blob, { directory, end }: StrictZip, { range }: ApkBlock, hash: string): Content {
  const record = Buffer.from(artefact.read(end.start, end.end - end.start));
  record.writeUInt32LE(range.start, 16);
  const sections: readonly Blob[] = [
    artefact.slice(0, range.start),
    artefact.slice(directory.start, directory.end),
    memoryBlob(record),
  ];
  const digests: Buffer[] = [];
  for (const section of sections)
    for (let at = 0; at < section.size; at += CHUNK) {
      const piece = section.read(at, CHUNK);
      digests.push(createHash(hash).update(lead(0xa5, piece.length)).update(piece).digest());
    }
  const digest = createHash(hash).update(lead(0x5a, digests.length)).update(Buffer.concat(digests)).digest();
  return { digest, read: [{ start: 0, end: range.start }, directory, end] };
}

function lead(mark: number, value: number): Buffer {
  const bytes = Buffer.alloc(5, mark);
  bytes.writeUInt32LE(value, 1);
  return bytes;
}
