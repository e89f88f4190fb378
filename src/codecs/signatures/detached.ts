/** Signatures that lie beside what they sign: CMS, OpenPGP, minisign, signify, SSH, Sigstore, jcat, and bare RSA, ECDSA or Ed25519. */
import type { Blob } from '../../lib/blob.ts';
import { faultOf } from '../../lib/fault.ts';
import { cmsType, parseCms } from '../formats/cms.ts';
import { isJcat, jcatOf } from '../formats/jcat.ts';
import { pemBlocks } from '../formats/pem.ts';
import type { Scheme } from './check.ts';
import { cmsSignatures } from './cms.ts';
import { edSignature } from './ed25519-files.ts';
import { jcatSays } from './jcat.ts';
import type { Message } from './message.ts';
import { pgpDetached } from './openpgp.ts';
import { sigstoreBundle, sigstoreSignature } from './sigstore.ts';
import { isSshSignature, sshSignature } from './ssh.ts';
import { attribute, COMPANIONS, orBroken, type Signed, type Trust } from './trust.ts';

const MOST = 1 << 20;

export interface Beside {
  readonly suffix: string;
  readonly blob: Blob;
}

/** The signature files beside an artefact. */
export const besideOf = (context: { companion(suffix: string): Blob | undefined }): readonly Beside[] =>
  COMPANIONS.flatMap((suffix) => {
    const blob = context.companion(suffix);
    return blob === undefined || blob.size === 0 || blob.size > MOST ? [] : [{ suffix, blob }];
  });

/** What each of them is worth for the message, which is read whole even when no key fits: that is what they are about. */
export async function detachedSignatures(
  trust: Trust,
  beside: readonly Beside[],
  message: Message,
): Promise<readonly Signed[]> {
  const signatures: Signed[] = [];
  for (const { suffix, blob } of beside) {
    try {
      signatures.push(...(await signaturesOf(trust, blob.read(0, blob.size), message)));
    } catch (error) {
      signatures.push({ algorithm: suffix, outcome: 'broken', message: faultOf(error).message });
    }
  }
  await message.digest('sha256', trust.signal);
  return signatures;
}

async function signaturesOf(trust: Trust, bytes: Uint8Array, message: Message): Promise<readonly Signed[]> {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('untrusted comment:'))
    return [await orBroken('Ed25519', () => edSignature(trust, text, message))];
  if (isSshSignature(text)) return [await orBroken('SSH', () => sshSignature(trust, bytes, message))];
  const cms = /^-----BEGIN (PKCS7|CMS)-----/.test(text) ? (pemBlocks(bytes)[0]?.der ?? bytes) : bytes;
  if (cmsType(cms) !== undefined) return cmsSignatures(trust, parseCms(cms), message);
  if (isJcat(bytes)) return jcatSignatures(trust, bytes, message);
  const bundle = sigstoreBundle(text);
  if (bundle !== undefined) return [await orBroken('Sigstore', () => sigstoreSignature(trust, bundle, message))];
  if (text.includes('-----BEGIN PGP SIGNATURE-----') || isPacket(bytes))
    return pgpDetached(trust, bytes, message.bytes());
  const base64 = /^[A-Za-z0-9+/\r\n]{64,4096}={0,2}\s*$/.test(text);
  return [await bare(trust, base64 ? Buffer.from(text, 'base64') : bytes, message)];
}

/** A catalogue that does not name the file says nothing of it. */
async function jcatSignatures(trust: Trust, bytes: Uint8Array, message: Message): Promise<readonly Signed[]> {
  const { signatures, integrity } = await jcatSays(trust, jcatOf(bytes), trust.name ?? '', message);
  const changed = integrity.find(({ holds }) => !holds);
  return changed === undefined
    ? signatures
    : [
        {
          algorithm: changed.algorithm,
          outcome: 'broken',
          message: 'the file is not the one that the catalogue names',
        },
      ];
}

/**
 * OpenPGP signature packets (RFC 9580, 4.2) that fill the file: a bare RSA signature can start with any byte, so the
 * first one alone proves nothing.
 */
function isPacket(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const [tag = 0, one = 0, two = 0, three = 0] = bytes.subarray(at, at + 4);
    const body = bodyOf(tag, one, two, three, Buffer.from(bytes.subarray(at + 2, at + 6)));
    if (body === undefined || ![3, 4, 5, 6].includes(bytes[at + body.head] ?? 0)) return false;
    at += body.head + body.length;
  }
  return at === bytes.length && at > 0;
}

/** Sizes of a signature packet's head and body, in the old and the new form of lengths. */
function bodyOf(
  tag: number,
  one: number,
  two: number,
  three: number,
  wide: Buffer,
): { head: number; length: number } | undefined {
  if (tag === 0x88) return { head: 2, length: one };
  if (tag === 0x89) return { head: 3, length: one * 256 + two };
  if (tag === 0x8a && wide.length === 4)
    return { head: 5, length: one * 2 ** 24 + two * 2 ** 16 + three * 256 + (wide[2] ?? 0) };
  if (tag !== 0xc2) return undefined;
  if (one < 192) return { head: 2, length: one };
  if (one < 224) return { head: 3, length: (one - 192) * 256 + two + 192 };
  return one === 255 && wide.length === 4 ? { head: 6, length: wide.readUInt32BE(0) } : undefined;
}

/** Bare bytes do not say what they are: each scheme that fits a given key is tried. */
async function bare(trust: Trust, signature: Uint8Array, message: Message): Promise<Signed> {
  const schemes = schemesOf(signature.length);
  let first: Signed | undefined;
  for (const scheme of schemes) {
    const one = await attribute(trust, { scheme, message, signature });
    if (one.verifiedBy !== undefined || one.sampleKey !== undefined || one.outcome === 'refused') return one;
    first = first === undefined || (first.outcome === 'signer-unknown' && one.outcome === 'wrong-key') ? one : first;
  }
  return first ?? { algorithm: 'unknown', outcome: 'broken', message: 'no signature of a known kind' };
}

function schemesOf(size: number): readonly Scheme[] {
  const hashes = ['sha256', 'sha512', 'sha384', 'sha1'];
  if (size >= 128)
    return hashes.flatMap((hash) => [
      { algorithm: 'RSASSA-PKCS1-v1_5', hash },
      { algorithm: 'RSASSA-PSS', hash },
    ]);
  const curves: readonly Scheme[] = hashes.flatMap((hash): Scheme[] => [
    { algorithm: 'ECDSA', hash, encoding: 'der' },
    { algorithm: 'ECDSA', hash, encoding: 'raw' },
  ]);
  return size === 64 ? [{ algorithm: 'Ed25519', hash: 'sha512' }, ...curves] : curves;
}
