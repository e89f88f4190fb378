/** Public keys in the files that update clients read: usign, PEM, DER, OpenPGP keyrings, device trees of U-Boot. */
import { edFileOf } from '../formats/ed25519-files.ts';
import { type FdtNode, stringOf } from '../formats/fdt.ts';
import { pemBlocks } from '../formats/pem.ts';
import { readCertificate } from '../formats/x509.ts';
import { pgpKeysIn } from './openpgp.ts';
import { ecKey, ed25519Key, type PublicKey, publicKey, rsaKey } from './public-key.ts';

export interface KeyMaterial {
  readonly type: string;
  readonly bits?: number;
  /** Hex: SHA-256 of the SPKI, or the OpenPGP fingerprint. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly expires?: string;
}

const MOST_KEYS = 256;

const material = ({ type, bits, fingerprint }: PublicKey): KeyMaterial => ({ type, bits, fingerprint });

/** Every key in a file; empty for a file that holds none that is known. Throws FaultError for a broken one. */
export async function keyMaterialIn(bytes: Uint8Array): Promise<readonly KeyMaterial[]> {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('untrusted comment:')) return [material(ed25519Key(edFileOf(text, 32).bytes))];
  const blocks = pemBlocks(bytes).slice(0, MOST_KEYS);
  const found = blocks.flatMap(({ label, der }) =>
    label === 'CERTIFICATE' ? [certificate(der)] : label === 'PUBLIC KEY' ? [material(publicKey(der))] : [],
  );
  if (found.length > 0) return found;
  if (text.includes('BEGIN PGP PUBLIC KEY') || [0x98, 0x99, 0xc6].includes(bytes[0] ?? 0))
    return (await pgpKeysIn(bytes)).slice(0, MOST_KEYS);
  return bytes[0] === 0x30 ? [der(bytes)] : [];
}

function certificate(der: Uint8Array): KeyMaterial {
  const { keyType, keyBits, spki, notAfter } = readCertificate(der);
  return { type: keyType, bits: keyBits, fingerprint: spki, expires: notAfter };
}

/** A certificate, or else a key: which of them is not said. */
function der(bytes: Uint8Array): KeyMaterial {
  try {
    return certificate(bytes);
  } catch {
    return material(publicKey(bytes));
  }
}

/** The public half in a secret key file of usign or signify without a passphrase; undefined for other text. */
export function usignSecretOf(text: string): string | undefined {
  const line = /^untrusted comment:[^\n]{0,200}\n([A-Za-z0-9+/]{136,144}={0,2})\s*$/.exec(text)?.[1];
  const bytes = Buffer.from(line ?? '', 'base64');
  return bytes.length === 104 && bytes.toString('latin1', 0, 4) === 'EdBK'
    ? ed25519Key(bytes.subarray(72)).fingerprint
    : undefined;
}

export interface ControlKey {
  readonly name: string;
  readonly key: PublicKey;
  /** What must be signed with it: `conf`, `image`, or nothing. */
  readonly required?: string;
}

/** Keys of the node `signature` in U-Boot's control device tree (doc/usage/fit/signature). Throws FaultError. */
export function controlKeys(signature: FdtNode): readonly ControlKey[] {
  return signature.children.slice(0, MOST_KEYS).flatMap((node) => {
    const key = controlKey(node);
    const required = stringOf(node, 'required');
    return key === undefined ? [] : [{ name: node.name, key, ...(required === undefined ? {} : { required }) }];
  });
}

function controlKey(node: FdtNode): PublicKey | undefined {
  const modulus = node.properties.get('rsa,modulus');
  const exponent = node.properties.get('rsa,exponent');
  if (modulus !== undefined) return rsaKey(modulus, exponent ?? Buffer.from([1, 0, 1]));
  const [x, y] = [node.properties.get('ecdsa,x-point'), node.properties.get('ecdsa,y-point')];
  const curve = stringOf(node, 'ecdsa,curve');
  return x === undefined || y === undefined || curve === undefined ? undefined : ecKey(curve, x, y);
}
