/** Scheme 1 of Android packages: signed JAR files, whose manifest binds each member by the digest of its content. */
import { createHash } from 'node:crypto';
import { inflate } from '../../../codecs/compression/inflate.ts';
import { ByteSource } from '../../../codecs/compression/source.ts';
import { parseCms } from '../../../codecs/formats/cms.ts';
import { type JarManifest, jarManifestOf, statedDigest } from '../../../codecs/formats/jar-manifest.ts';
import type { PlacedEntry, StrictZip } from '../../../codecs/formats/zip-strict.ts';
import { isWeakHash } from '../../../codecs/signatures/check.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import type { Signed } from '../../../codecs/signatures/trust.ts';
import type { ByteRange, VerifyContext } from '../../../core/model/verifier.ts';
import { type Blob, chunksOf, memoryBlob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const MANIFEST = 'META-INF/MANIFEST.MF';
const BLOCK = /^META-INF\/([^/]+)\.(RSA|DSA|EC)$/i;
const OWN = /^META-INF\/(MANIFEST\.MF|[^/]+\.(SF|RSA|DSA|EC))$/i;
const MOST_TEXT = 64 << 20;
const MOST_CONTENT = 2 ** 32;
const MOST_SIGNERS = 16;

export interface JarPart {
  readonly signature: Signed;
  readonly read: readonly Range[];
  /** Schemes that the signer says to have signed with as well (`X-Android-APK-Signed`). */
  readonly others: readonly string[];
}

export interface JarFound {
  readonly parts: readonly JarPart[];
  readonly payload: readonly ByteRange[];
  readonly broken: readonly string[];
}

/** The content of a member in pieces; throws when it is not of the size that the directory states. */
function* contentOf(artefact: Blob, { name, method, encrypted, size, data }: PlacedEntry): Generator<Uint8Array, void> {
  if (encrypted || (method !== 0 && method !== 8))
    throw new FaultError('unsupported', `${name} is packed in a way of its own`);
  if (size > MOST_CONTENT) throw new FaultError('over-budget', `${name} has ${size} bytes`);
  const part = artefact.slice(data.start, data.end);
  const source = new ByteSource(part);
  let had = 0;
  for (const chunk of method === 0 ? chunksOf(part) : inflate(source)) {
    had += chunk.length;
    if (had > size) throw new FaultError('malformed', `${name} is larger than stated`);
    yield chunk;
  }
  if (had !== size || (method === 8 && source.position !== part.size))
    throw new FaultError('malformed', `${name} is not of the size that is stated`);
}

function textOf(artefact: Blob, entry: PlacedEntry): Buffer {
  if (entry.size > MOST_TEXT) throw new FaultError('over-budget', `${entry.name} has ${entry.size} bytes`);
  return Buffer.concat([...contentOf(artefact, entry)]);
}

/** Nothing when the archive has no signature of this scheme. */
export async function jarSigned(artefact: Blob, zip: StrictZip, context: VerifyContext): Promise<JarFound | undefined> {
  const at = (name: string): PlacedEntry | undefined => zip.entries.find((entry) => entry.name === name);
  const blocks = zip.entries.filter(({ name }) => BLOCK.test(name)).slice(0, MOST_SIGNERS);
  const manifest = at(MANIFEST);
  if (blocks.length === 0 || manifest === undefined) return undefined;
  const bytes = textOf(artefact, manifest);
  const held = membersHold(artefact, zip, jarManifestOf(bytes.toString('utf8')));
  const parts: JarPart[] = [];
  for (const block of blocks) {
    const file = at(block.name.replace(/\.[A-Z]+$/i, '.SF'));
    const part = await blockOf(artefact, { block, file, manifest: bytes }, context);
    const own = [manifest.data, block.data, ...(file === undefined ? [] : [file.data])];
    const whole = { ...part, signature: held.weak === undefined ? part.signature : refused(part.signature, held.weak) };
    parts.push({ ...whole, read: part.good ? [...held.read, ...own.slice(0, 1), ...own.slice(2)] : [] });
  }
  return { parts, payload: held.payload, broken: held.broken };
}

const refused = (signature: Signed, hash: string): Signed =>
  signature.outcome === 'broken'
    ? signature
    : { ...signature, outcome: 'refused', message: `members are bound by ${hash}, which can be forged` };

interface Held {
  readonly read: Range[];
  readonly payload: ByteRange[];
  readonly broken: string[];
  weak?: string;
}

function membersHold(artefact: Blob, zip: StrictZip, { sections }: JarManifest): Held {
  const held: Held = { read: [], payload: [], broken: [] };
  const names = new Set(zip.entries.map(({ name }) => name));
  for (const name of sections.keys())
    if (!names.has(name)) held.broken.push(`${name} is in the manifest and not there`);
  // Bytes in front of the first member, or between two, run as something else on devices that take this scheme.
  for (const gap of zip.gaps) held.payload.push({ ...gap, what: 'bytes outside of all members' });
  for (const entry of zip.entries)
    if (!OWN.test(entry.name) && !(entry.name.endsWith('/') && entry.size === 0))
      memberHolds(artefact, entry, sections, held);
  return held;
}

function memberHolds(artefact: Blob, entry: PlacedEntry, sections: JarManifest['sections'], held: Held): void {
  held.payload.push({ ...entry.data, what: entry.name });
  const stated = statedDigest(sections.get(entry.name), 'digest');
  if (stated === undefined) return;
  const hash = createHash(stated.hash);
  for (const chunk of contentOf(artefact, entry)) hash.update(chunk);
  if (hash.digest().equals(stated.digest)) held.read.push(entry.data);
  else held.broken.push(`${entry.name} is not the member whose hash was signed`);
  if (isWeakHash(stated.hash)) held.weak = stated.hash;
}

interface Block {
  readonly block: PlacedEntry;
  readonly file: PlacedEntry | undefined;
  readonly manifest: Buffer;
}

/** `X.RSA` signs `X.SF`, which states the digest of the manifest. */
async function blockOf(
  artefact: Blob,
  { block, file, manifest }: Block,
  context: VerifyContext,
): Promise<Omit<JarPart, 'read'> & { readonly good: boolean }> {
  const broken = (message: string): Omit<JarPart, 'read'> & { readonly good: boolean } => ({
    signature: { algorithm: 'CMS', outcome: 'broken', message },
    others: [],
    good: false,
  });
  if (file === undefined) return broken(`${block.name} signs a file that is not there`);
  const text = textOf(artefact, file);
  const { main } = jarManifestOf(text.toString('utf8'));
  const message = messageOf(memoryBlob(text), [{ start: 0, end: text.length }]);
  const signatures = await cmsSignatures(context, parseCms(textOf(artefact, block)), message);
  const [signature] = signatures;
  if (signature === undefined || signatures.length > 1) return broken(`${block.name} has not one signer`);
  const others = (main.get('x-android-apk-signed') ?? '').split(',').map((one) => one.trim());
  const stated = statedDigest(main, 'digest-manifest');
  if (stated === undefined) return broken(`${file.name} states no digest of the manifest`);
  if (!createHash(stated.hash).update(manifest).digest().equals(stated.digest))
    return { ...broken('the manifest is not the one that was signed'), others };
  const named = { ...signature, message: `scheme 1: ${signature.message}` };
  return { signature: isWeakHash(stated.hash) ? refused(named, stated.hash) : named, others, good: true };
}
