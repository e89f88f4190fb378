/** PKCS#12 files (RFC 7292), opened with a list of passwords: those of old tools too, whose ciphers node:crypto no longer speaks. */
import forge from 'node-forge';
import { derAt, derChildren, smallInteger, TAG } from './der.ts';

/** Rounds of key derivation that are worth a guess in plain JavaScript. */
const MAX_ROUNDS = 60_000;
const MAX_KEYS = 50;
/** PBES of PKCS#12 (1.2.840.113549.1.12.1) and PBKDF2 (1.2.840.113549.1.5.12), as DER. */
const DERIVATIONS = [Buffer.from('2a864886f70d010c01', 'hex'), Buffer.from('2a864886f70d01050c', 'hex')];

export interface OpenedStore {
  /** Private keys in DER, PKCS#1 or PKCS#8. */
  readonly keys: readonly Buffer[];
  readonly passphrase: string;
}

/** Undefined when no password of the list opens it; `costly` when one guess would cost too much. */
export function openPkcs12(bytes: Uint8Array, passwords: readonly string[]): OpenedStore | undefined | 'costly' {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (roundsOf(buffer) > MAX_ROUNDS) return 'costly';
  const structure = attempt(() => forge.asn1.fromDer(buffer.toString('latin1')));
  if (structure === undefined) return undefined;
  for (const passphrase of passwords) {
    const store = attempt(() => forge.pkcs12.pkcs12FromAsn1(structure, false, passphrase));
    if (store !== undefined) return { keys: keysOf(store), passphrase };
  }
  return undefined;
}

function keysOf(store: forge.pkcs12.Pkcs12Pfx): readonly Buffer[] {
  const { pkcs8ShroudedKeyBag = '', keyBag = '' } = forge.pki.oids;
  const bags = [pkcs8ShroudedKeyBag, keyBag].flatMap((bagType) => store.getBags({ bagType })[bagType] ?? []);
  return bags.slice(0, MAX_KEYS).flatMap((bag) => {
    const structure = bag.key === undefined || bag.key === null ? bag.asn1 : forge.pki.privateKeyToAsn1(bag.key);
    const der = attempt(() => forge.asn1.toDer(structure).getBytes());
    return der === undefined ? [] : [Buffer.from(der, 'latin1')];
  });
}

/** The most rounds that any part asks for: of the MAC, and behind every derivation's OID a salt and a number. */
function roundsOf(bytes: Buffer): number {
  let most = attempt(() => macRounds(bytes)) ?? 1;
  for (const oid of DERIVATIONS) {
    for (let at = bytes.indexOf(oid); at !== -1; at = bytes.indexOf(oid, at + 1)) {
      const from = at + oid.length;
      most = Math.max(most, attempt(() => afterSalt(bytes.subarray(from, from + 120))) ?? 0);
    }
  }
  return most;
}

const macRounds = (bytes: Buffer): number => {
  const mac = derChildren(derAt(bytes))[2];
  const rounds = mac === undefined ? undefined : derChildren(mac)[2];
  return rounds === undefined ? 1 : smallOrEndless(rounds);
};

function smallOrEndless(element: ReturnType<typeof derAt>): number {
  return element.value.length > 4 ? Number.POSITIVE_INFINITY : smallInteger(element);
}

function afterSalt(window: Buffer): number {
  for (let at = window.indexOf(TAG.octets); at !== -1; at = window.indexOf(TAG.octets, at + 1)) {
    const number = at + 2 + (window[at + 1] ?? 0);
    if (window[number] === TAG.integer && (window[number + 1] ?? 9) <= 8)
      return smallOrEndless(derAt(window.subarray(number)));
  }
  return 0;
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
