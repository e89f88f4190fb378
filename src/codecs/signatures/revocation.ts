/** Whether a certificate is on a list of revoked ones that was given with the authorities. */
import { verify, type X509Certificate } from 'node:crypto';
import { identityOf } from '../formats/cms.ts';
import { type RevocationList, readCrl } from '../formats/crl.ts';
import { notByNumbers } from './check.ts';
import type { GivenKey } from './trust.ts';

/** Hashes of the algorithms that lists are signed with; of Ed25519 none. */
const ALGORITHMS: { readonly [oid: string]: string | null } = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

const parsed = new WeakMap<GivenKey, RevocationList>();

function listOf(key: GivenKey): RevocationList {
  const known = parsed.get(key) ?? readCrl(key.bytes);
  parsed.set(key, known);
  return known;
}

/** Why a certificate by this issuer is not to be trusted going by the lists; nothing when no list of the issuer's was given. */
export function revocation(
  keys: readonly GivenKey[],
  certificate: X509Certificate,
  issuer: X509Certificate,
  now: Date,
): string | undefined {
  const identity = identityOf(certificate);
  const lists = keys
    .filter(({ kind }) => kind === 'crl')
    .map(listOf)
    .filter((list) => list.issuer.equals(identity.issuer) && isBy(list, issuer));
  if (lists.some(({ revoked }) => revoked.has(identity.serial.toString('hex')))) return 'the certificate was revoked';
  // Whoever asks for revocation cannot go by a list that has ended.
  return lists.length > 0 && lists.every(({ nextUpdate }) => nextUpdate !== undefined && nextUpdate < now)
    ? 'the list of revoked certificates has ended'
    : undefined;
}

function isBy({ algorithm, signed, signature }: RevocationList, { publicKey }: X509Certificate): boolean {
  const hash = ALGORITHMS[algorithm];
  if (hash === undefined) return false;
  try {
    return verify(hash, signed, publicKey, signature);
  } catch (error) {
    return notByNumbers(error);
  }
}
