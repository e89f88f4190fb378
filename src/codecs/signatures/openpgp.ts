/** OpenPGP signatures (RFC 9580) through openpgp.js: detached ones, and cleartext documents. */
import { FaultError } from '../../lib/fault.ts';
import type { Signed, Trust } from './trust.ts';

const MOST = 64 << 20;

/** The verdict on a detached signature, armoured or binary. The message is read whole: the library wants it so. */
export async function pgpDetached(
  trust: Trust,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<readonly Signed[]> {
  if (message.length > MOST) throw new FaultError('over-budget', 'too large for an OpenPGP signature');
  const pgp = await import('openpgp');
  try {
    const armored = Buffer.from(signature).toString('latin1').includes('-----BEGIN PGP SIGNATURE-----');
    const parsed = armored
      ? await pgp.readSignature({ armoredSignature: Buffer.from(signature).toString('latin1') })
      : await pgp.readSignature({ binarySignature: signature });
    const document = await pgp.createMessage({ binary: message });
    const keys = await keysOf(trust);
    const { signatures } = await pgp.verify({
      message: document,
      signature: parsed,
      verificationKeys: keys.map(({ key }) => key),
      date: trust.now,
      format: 'binary',
    });
    return Promise.all(signatures.map((one) => verdictOf(trust, keys, one)));
  } catch (error) {
    if (error instanceof FaultError) throw error;
    throw new FaultError('malformed', 'no OpenPGP signature that can be read', { cause: error });
  }
}

/** The verdict on a cleartext document (RFC 9580, 7). `expected` is its text as the caller read it: both must agree. */
export async function pgpCleartext(trust: Trust, document: string, expected: string): Promise<readonly Signed[]> {
  if (document.length > MOST) throw new FaultError('over-budget', 'too large for an OpenPGP signature');
  const pgp = await import('openpgp');
  try {
    const message = await pgp.readCleartextMessage({ cleartextMessage: document });
    if (message.getText() !== expected)
      throw new FaultError('malformed', 'a cleartext document that reads in two ways');
    const keys = await keysOf(trust);
    const { signatures } = await pgp.verify({
      message,
      verificationKeys: keys.map(({ key }) => key),
      date: trust.now,
    });
    return Promise.all(signatures.map((one) => verdictOf(trust, keys, one)));
  } catch (error) {
    if (error instanceof FaultError) throw error;
    throw new FaultError('malformed', 'no OpenPGP document that can be read', { cause: error });
  }
}

export interface PgpKey {
  readonly type: string;
  readonly bits?: number;
  /** Hex, the key's own. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly expires?: string;
}

/** The primary keys of a keyring, armoured or binary. Throws FaultError. */
export async function pgpKeysIn(bytes: Uint8Array): Promise<readonly PgpKey[]> {
  const pgp = await import('openpgp');
  try {
    const text = Buffer.from(bytes).toString('latin1');
    const keys = text.includes('-----BEGIN')
      ? await pgp.readKeys({ armoredKeys: text })
      : await pgp.readKeys({ binaryKeys: bytes });
    return await Promise.all(
      keys.map(async (key) => {
        const { algorithm, bits } = key.getAlgorithmInfo();
        const expires = await key.getExpirationTime();
        return {
          type: algorithm.startsWith('rsa') ? 'RSA' : algorithm.startsWith('ed') ? 'Ed25519' : algorithm,
          ...(bits === undefined ? {} : { bits }),
          fingerprint: key.getFingerprint(),
          ...(expires instanceof Date ? { expires: expires.toISOString() } : {}),
        };
      }),
    );
  } catch (error) {
    throw new FaultError('malformed', 'no OpenPGP keyring that can be read', { cause: error });
  }
}

type Key = Awaited<ReturnType<typeof import('openpgp')['readKey']>>;
interface Named {
  readonly name: string;
  readonly key: Key;
}

async function keysOf(trust: Trust): Promise<readonly Named[]> {
  const pgp = await import('openpgp');
  const found: Named[] = [];
  for (const { name, bytes } of trust.keys.filter(({ kind }) => kind === 'openpgp')) {
    const text = Buffer.from(bytes).toString('latin1');
    const keys = text.includes('-----BEGIN')
      ? await pgp.readKeys({ armoredKeys: text })
      : await pgp.readKeys({ binaryKeys: bytes });
    found.push(...keys.map((key) => ({ name, key: key as Key })));
  }
  return found;
}

interface Checked {
  readonly keyID: { toHex(): string };
  readonly verified: Promise<true>;
  readonly signature: Promise<{ readonly packets: readonly { readonly hashAlgorithm: number | null }[] }>;
}

/** RFC 9580, 9.5. */
const HASHES: { readonly [number: number]: string } = {
  1: 'MD5',
  2: 'SHA-1',
  3: 'RIPEMD-160',
  8: 'SHA-256',
  9: 'SHA-384',
  10: 'SHA-512',
  11: 'SHA-224',
  12: 'SHA3-256',
  14: 'SHA3-512',
};

/** The hash, and of a known key its kind and size. */
async function factsOf(one: Checked, known: Named | undefined): Promise<Partial<Signed>> {
  const [packet] = (await one.signature).packets;
  const hash = HASHES[packet?.hashAlgorithm ?? 0];
  const info = known?.key.getAlgorithmInfo();
  const kind = info?.algorithm ?? '';
  return {
    ...(hash === undefined ? {} : { hash }),
    ...(kind.startsWith('rsa') ? { keyType: 'RSA' } : kind.startsWith('ed') ? { keyType: 'Ed25519' } : {}),
    ...(info?.bits === undefined ? {} : { keyBits: info.bits }),
    ...(info?.curve === undefined ? {} : { curve: info.curve }),
  };
}

async function verdictOf(trust: Trust, keys: readonly Named[], one: Checked): Promise<Signed> {
  const { keyID, verified } = one;
  const number = keyID.toHex();
  const known = keys.find(({ key }) => key.getKeyIDs().some((id) => id.toHex() === number));
  const why = await verified.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
  );
  const base = { algorithm: 'OpenPGP', ...(await factsOf(one, known)), signer: `key ${number}` };
  if (why === undefined && known !== undefined) {
    const message = `verifies with ${known.name}`;
    const ended = await known.key.getExpirationTime();
    // As gpg has it: the signature says when it was made, and whoever holds the key can say what he wants.
    if (!(ended instanceof Date) || ended >= trust.now)
      return { ...base, outcome: 'verified', verifiedBy: known.name, message };
    const expired = ended.toISOString();
    return {
      ...base,
      outcome: 'verified',
      verifiedBy: known.name,
      keyExpired: expired,
      message: `${message}, whose key ended on ${expired.slice(0, 10)}; the signature says that it is older`,
    };
  }
  if (known === undefined) {
    const message = keys.length > 0 ? 'made with another key than the given one' : 'cannot be verified without the key';
    return { ...base, outcome: keys.length > 0 ? 'wrong-key' : 'signer-unknown', message };
  }
  const weak = /insecure|expired|revoked|reject|not valid|created in the future/i.test(why ?? '');
  return { ...base, outcome: weak ? 'refused' : 'broken', message: why ?? 'does not hold' };
}
