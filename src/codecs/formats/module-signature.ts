/** The signature that the kernel's sign-file appends to a module: marker, trailer, and before them the signature. include/linux/module_signature.h. */
import type { Blob } from '../../lib/blob.ts';
import { parseCms } from './cms.ts';
import { derAt, derChildren } from './der.ts';

export interface ModuleSignature {
  readonly hash: string;
  /** The signer's name or key, as far as the signature tells it. */
  readonly signer: string;
}

const MARKER = '~Module signature appended~\n';
const TRAILER = 12;
const PKCS7 = 2;
const MAX_SIGNATURE = 64 << 10;
/** enum pkey_hash_algo of kernels before 4.3, whose trailers name the hash. */
const HASHES = ['md4', 'md5', 'sha1', 'rmd160', 'sha256', 'sha384', 'sha512', 'sha224'];
const UNTOLD: ModuleSignature = { hash: 'unknown', signer: 'unknown' };

/** Undefined where no whole signature is appended: a marker alone, or a length that the file has not, signs nothing. */
export function moduleSignature(content: Blob): ModuleSignature | undefined {
  const end = content.size - MARKER.length;
  if (end < TRAILER || Buffer.from(content.read(end, MARKER.length)).toString('latin1') !== MARKER) return undefined;
  const trailer = Buffer.from(content.read(end - TRAILER, TRAILER));
  const length = trailer.readUInt32BE(8);
  const [, hash = 0, type, name = 0, key = 0] = trailer;
  const whole = length + name + key;
  if (length === 0 || whole > MAX_SIGNATURE || whole > end - TRAILER) return undefined;
  const bytes = Buffer.from(content.read(end - TRAILER - whole, whole));
  if (type === PKCS7) return signerOf(bytes);
  const signer = bytes.toString('latin1', 0, name).replace(/[^\x20-\x7e]/g, '?');
  return { hash: HASHES[hash] ?? 'unknown', signer: signer === '' ? 'unknown' : signer };
}

function signerOf(bytes: Buffer): ModuleSignature {
  const one = signerIn(bytes);
  if (one === undefined) return UNTOLD;
  const { digest, issuerAndSerial, keyIdentifier } = one;
  const signer =
    keyIdentifier !== undefined
      ? `key ${keyIdentifier.toString('hex').slice(0, 64)}`
      : issuerAndSerial === undefined
        ? 'unknown'
        : `${namesIn(issuerAndSerial.issuer)}, serial ${issuerAndSerial.serial.toString('hex').slice(0, 40)}`;
  return { hash: digest.toLowerCase().replace('-', ''), signer };
}

/** The values of a distinguished name, in their order. */
const namesIn = (issuer: Buffer): string =>
  derChildren(derAt(issuer))
    .flatMap((set) => derChildren(set))
    .map((pair) => (derChildren(pair)[1]?.value.toString('latin1') ?? '').replace(/[^\x20-\x7e]/g, '?'))
    .join(', ')
    .slice(0, 200);

/** What can not be read as CMS is a signature of which nothing is told. */
function signerIn(bytes: Buffer): ReturnType<typeof parseCms>['signers'][number] | undefined {
  try {
    const signer = parseCms(bytes).signers[0];
    if (signer?.issuerAndSerial !== undefined) namesIn(signer.issuerAndSerial.issuer);
    return signer;
  } catch {
    return undefined;
  }
}
