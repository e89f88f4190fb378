/** What the blobs of a catalogue (libjcat) say of one file: signatures over it or over its checksum, and bare checksums. */
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { parseCms } from '../formats/cms.ts';
import type { JcatBlob, JcatItem } from '../formats/jcat.ts';
import { pemBlocks } from '../formats/pem.ts';
import { isWeakHash } from './check.ts';
import { cmsSignatures } from './cms.ts';
import { type Message, messageOf } from './message.ts';
import { pgpDetached } from './openpgp.ts';
import { attribute, orBroken, type Signed, type Trust } from './trust.ts';

export interface JcatSays {
  readonly signatures: readonly Signed[];
  readonly integrity: readonly { readonly algorithm: string; readonly holds: boolean }[];
}

const CHECKSUMS: ReadonlyMap<string, string> = new Map([
  ['sha1', 'SHA-1'],
  ['sha256', 'SHA-256'],
  ['sha512', 'SHA-512'],
]);

/** All items of that name together: libjcat looks at each. */
export async function jcatSays(
  trust: Trust,
  items: readonly JcatItem[],
  name: string,
  content: Message,
): Promise<JcatSays> {
  const blobs = items.filter(({ names }) => names.includes(name)).flatMap((item) => item.blobs);
  const integrity: { algorithm: string; holds: boolean }[] = [];
  const signatures: Signed[] = [];
  for (const blob of blobs) {
    const algorithm = CHECKSUMS.get(blob.kind);
    if (algorithm !== undefined) integrity.push({ algorithm, holds: await checksumHolds(blob, content, trust.signal) });
    else if (blob.kind !== 'other') signatures.push(...(await signaturesOf(trust, blob, blobs, content)));
  }
  return { signatures, integrity };
}

async function checksumHolds({ kind, bytes }: JcatBlob, content: Message, signal: AbortSignal): Promise<boolean> {
  const digest = await content.digest(kind, signal);
  return digest.toString('hex') === bytes.toString('latin1').trim().toLowerCase();
}

async function signaturesOf(
  trust: Trust,
  blob: JcatBlob,
  blobs: readonly JcatBlob[],
  content: Message,
): Promise<readonly Signed[]> {
  const found: Signed[] = [];
  const first = await orBroken(
    blob.kind === 'gpg' ? 'OpenPGP' : blob.kind === 'pkcs7' ? 'CMS' : 'Ed25519',
    async () => {
      const message =
        blob.target === undefined ? content : await checksumText(blob.target, blobs, content, trust.signal);
      const [one, ...rest] = await verified(trust, blob, message);
      if (one === undefined) throw new FaultError('malformed', 'it holds no signature');
      found.push(...rest);
      return one;
    },
  );
  return [first, ...found];
}

/** The checksum must be that of the file, or what is signed says nothing of it. */
async function checksumText(
  kind: string,
  blobs: readonly JcatBlob[],
  content: Message,
  signal: AbortSignal,
): Promise<Message> {
  const stated = blobs.find((one) => one.kind === kind && one.target === undefined);
  if (stated === undefined || !CHECKSUMS.has(kind))
    throw new FaultError('malformed', 'the checksum that is signed is not there');
  if (isWeakHash(kind))
    throw new FaultError('unsupported', `what is signed is the ${kind} of the file, which can be forged`);
  if (!(await checksumHolds(stated, content, signal)))
    throw new FaultError('malformed', 'the file is not the one whose checksum was signed');
  return messageOf(memoryBlob(stated.bytes), [{ start: 0, end: stated.bytes.length }]);
}

async function verified(trust: Trust, { kind, bytes }: JcatBlob, message: Message): Promise<readonly Signed[]> {
  if (kind === 'gpg') return pgpDetached(trust, bytes, message.bytes());
  if (kind === 'pkcs7') return cmsSignatures(trust, parseCms(pemBlocks(bytes)[0]?.der ?? bytes), message);
  return [await attribute(trust, { scheme: { algorithm: 'Ed25519', hash: 'sha512' }, message, signature: bytes })];
}
