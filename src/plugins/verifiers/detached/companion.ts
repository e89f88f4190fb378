/** Detached signatures beside an artefact: CMS, OpenPGP, minisign, signify, and bare RSA, ECDSA or Ed25519. */
import { cmsType, parseCms } from '../../../codecs/formats/cms.ts';
import type { Scheme } from '../../../codecs/signatures/check.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { edSignature } from '../../../codecs/signatures/ed25519-files.ts';
import { type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { pgpDetached } from '../../../codecs/signatures/openpgp.ts';
import { attribute, COMPANIONS, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import { account, blankVerdict, type Verifier, type VerifyContext } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { faultOf } from '../../../lib/fault.ts';

const MOST = 1 << 20;

const found = (context: VerifyContext): readonly { readonly suffix: string; readonly blob: Blob }[] =>
  COMPANIONS.flatMap((suffix) => {
    const blob = context.companion(suffix);
    return blob === undefined || blob.size === 0 || blob.size > MOST ? [] : [{ suffix, blob }];
  });

export const companion: Verifier = {
  id: 'detached/companion',
  title: 'Detached signature',
  recognise: (_artefact, context) => found(context).length > 0,
  async verify(artefact, context) {
    const all = [{ start: 0, end: artefact.size, what: 'file' }];
    const message = messageOf(artefact, all);
    const signatures: Signed[] = [];
    const notes: string[] = [];
    for (const { suffix, blob } of found(context)) {
      try {
        signatures.push(...(await signaturesOf(context, blob.read(0, blob.size), message)));
      } catch (error) {
        signatures.push({ algorithm: suffix, outcome: 'broken', message: faultOf(error).message });
      }
      notes.push(`signature in ${context.name}${suffix}`);
    }
    // Nothing was read when no key fits: a detached signature is of the whole file all the same.
    await message.digest('sha256', context.signal);
    return {
      ...blankVerdict(companion, 'detached'),
      updateByNature: false,
      signed: signatures.length > 0,
      signatures,
      ...account(artefact.size, all, message.read),
      notes,
    };
  },
};

async function signaturesOf(context: VerifyContext, bytes: Uint8Array, message: Message): Promise<readonly Signed[]> {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('untrusted comment:'))
    return [await orBroken('Ed25519', () => edSignature(context, text, message))];
  if (cmsType(bytes) !== undefined) return cmsSignatures(context, parseCms(bytes), message);
  const first = bytes[0] ?? 0;
  if (
    text.includes('-----BEGIN PGP SIGNATURE-----') ||
    ((first === 0x88 || first === 0x89 || first === 0xc2) && bytes[1] !== 0x30)
  )
    return pgpDetached(context, bytes, message.bytes());
  const base64 = /^[A-Za-z0-9+/\r\n]{64,4096}={0,2}\s*$/.test(text);
  return [await bare(context, base64 ? Buffer.from(text, 'base64') : bytes, message)];
}

/** Bare bytes do not say what they are: each scheme that fits a given key is tried. */
async function bare(context: VerifyContext, signature: Uint8Array, message: Message): Promise<Signed> {
  const schemes = schemesOf(signature.length);
  let first: Signed | undefined;
  for (const scheme of schemes) {
    const one = await attribute(context, { scheme, message, signature });
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
