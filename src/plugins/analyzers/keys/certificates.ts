/** Certificates in an image, and the bundles of authorities that it trusts. */
import { createHash } from 'node:crypto';
import type { Certificate } from '../../../codecs/formats/x509.ts';
import { CERTIFICATE_WORDS } from '../../../codecs/formats/x509-places.ts';
import { type FileEntry, type FileTree, seenAt } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { keyCertificate, keyDhParameters, keyPrivate, keyTrustStore } from '../../../facts/index.ts';
import { certificatesIn, KEY_WORDS, mayHoldKeys, pemIn } from './found.ts';
import { type Place, placeOf } from './places.ts';

const MAX_CERTIFICATES = 20_000;
/** A file with so many authorities is a bundle. */
const BUNDLE = 5;

interface Held {
  readonly file: FileEntry;
  readonly certificates: readonly Certificate[];
}
const held = new WeakMap<FileTree, Held[]>();

export const keysCertificates: Analyzer = {
  id: 'keys/certificates',
  title: 'Certificates, trust stores and Diffie-Hellman parameters',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [keyPrivate],
  produces: [keyCertificate, keyTrustStore, keyDhParameters],
  words: () => [...KEY_WORDS, ...CERTIFICATE_WORDS],
  wants: mayHoldKeys,
  observe(file, content, context) {
    const certificates = certificatesIn(content, context);
    if (certificates.length > 0) {
      const list = held.get(context.tree) ?? [];
      held.set(context.tree, list);
      const before = list.reduce((sum, one) => sum + one.certificates.length, 0);
      if (before + certificates.length <= MAX_CERTIFICATES) list.push({ file, certificates });
      else context.gap({ kind: 'over-budget', message: `more than ${MAX_CERTIFICATES} certificates in one image` });
    }
    for (const { label, der, offset } of pemIn(content, context))
      if (label === 'DH PARAMETERS') tellParameters(der, offset, file, context);
  },
  finish(context) {
    const list = held.get(context.tree) ?? [];
    held.delete(context.tree);
    const own = new Set(context.facts.of(keyPrivate).map(({ data }) => data.spki));
    const { keys } = context.knowledge('known-keys') as { readonly keys: { readonly [spki: string]: string } };
    const folders = new Map<string, Held[]>();
    for (const one of list) {
      const folder = storeFolder(one.file);
      if (folder !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), one]);
      else tellFile(one, own, keys, context);
    }
    for (const parts of folders.values()) tellFolder(parts, context);
  },
};

function tellFile(
  one: Held,
  own: ReadonlySet<string | undefined>,
  keys: { readonly [spki: string]: string },
  context: AnalyzerContext,
): void {
  const tell = (certificate: Certificate, place: Place): void =>
    tellCertificate(one.file, certificate, place, own, keys, context);
  const [trials, rest] = trialsIn(one);
  for (const certificate of trials) tell(certificate, 'library');
  if (isBundle({ ...one, certificates: rest })) tellStore(one.file, rest, context);
  else for (const certificate of rest) tell(certificate, placeOf(seenAt(one.file)));
}

/** The makers of libraries for TLS in the names of the certificates that their sources carry for trials. */
const TRIALS = /\bO=(PolarSSL|XySSL|ARM mbed|Arm Limited mbed|Sawtooth|wolfSSL)/i;
/** What a library has compiled in for its own trials lies in the program whether anything trusts it or not; a file of certificates is meant. */
function trialsIn({ file, certificates }: Held): readonly [readonly Certificate[], readonly Certificate[]] {
  if (/\.(pem|crt|cer|der|p7b|bundle|\d)$/i.test(file.name)) return [[], certificates];
  const isTrial = ({ subject, issuer }: Certificate): boolean => TRIALS.test(subject) && TRIALS.test(issuer);
  return [certificates.filter(isTrial), certificates.filter((one) => !isTrial(one))];
}

function tellFolder(parts: readonly Held[], context: AnalyzerContext): void {
  const [first] = parts;
  const distinct = new Map(parts.flatMap(({ certificates }) => certificates).map((one) => [one.sha256, one]));
  if (first !== undefined) tellStore(first.file, [...distinct.values()], context);
}

const isBundle = ({ file, certificates }: Held): boolean =>
  (certificates.length >= BUNDLE &&
    certificates.filter(({ ca, selfSigned }) => ca || selfSigned).length * 2 > certificates.length) ||
  /\/(ca-bundle|ca-certificates|cacerts?|cert)\.(crt|pem)$/.test(file.name);

/** The folder of a store that keeps one authority a file. */
const storeFolder = ({ path, name }: FileEntry): string | undefined =>
  /^(\/usr|\/system)?(\/etc\/ssl\/certs|\/share\/ca-certificates(\/[\w.-]+)?|\/etc\/security\/cacerts|\/lib\/ssl\/certs)\/[^/]+$/.test(
    name,
  ) && !/ca-(certificates|bundle)\.crt$/.test(name)
    ? path.slice(0, path.lastIndexOf('/'))
    : undefined;

function tellCertificate(
  file: FileEntry,
  certificate: Certificate,
  place: Place,
  own: ReadonlySet<string | undefined>,
  known: { readonly [spki: string]: string },
  context: AnalyzerContext,
): void {
  const { subject, issuer, notBefore, notAfter, keyType, keyBits, signatureHash, spki, sha256, ca, selfSigned } =
    certificate;
  const owner = known[spki];
  context.emit(
    keyCertificate,
    {
      file: file.name,
      subject,
      issuer,
      notBefore,
      notAfter,
      keyType,
      keyBits,
      signatureHash,
      spki,
      sha256,
      ca,
      selfSigned,
      place,
      ...(owner === undefined ? {} : { known: owner }),
      privateKeyInImage: own.has(spki),
    },
    { subject: { kind: 'file', path: file.path } },
  );
}

/** Authorities that browsers and Mozilla's programme took out for cause, by the organisation in the name. */
const DISTRUSTED =
  /DigiNotar|CNNIC|China Internet Network Information Center|WoSign|StartCom|TrustCor|Certinomis|PROCERT|Camerfirma|e-Guven|E-Tugra|Symantec|VeriSign|GeoTrust|thawte/i;
const TEST_NAMES = /\b(test|testing|example|snake ?oil|dummy|sample|localhost|demo)\b/i;

function tellStore(file: FileEntry, certificates: readonly Certificate[], context: AnalyzerContext): void {
  const now = Date.parse(context.settings.now);
  const weak = ({ keyType, keyBits, signatureHash, selfSigned }: Certificate): boolean =>
    (keyType === 'RSA' && keyBits < 2048) || (!selfSigned && /^(MD\d|SHA-1)$/.test(signatureHash));
  const test = certificates.find(({ subject }) => TEST_NAMES.test(subject));
  const newest = certificates.reduce((latest, { notBefore }) => (notBefore > latest ? notBefore : latest), '');
  context.emit(
    keyTrustStore,
    {
      file: file.name,
      certificates: certificates.length,
      expired: certificates.filter(({ notAfter }) => Date.parse(notAfter) < now).length,
      weak: certificates.filter(weak).length,
      distrusted: certificates.filter(({ subject }) => DISTRUSTED.test(subject)).length,
      newest,
      ...(test === undefined ? {} : { testAuthority: test.subject }),
    },
    { subject: { kind: 'file', path: file.path } },
  );
}

/** `SEQUENCE { INTEGER p, INTEGER g }` (PKCS #3). */
function tellParameters(der: Uint8Array, offset: number, file: FileEntry, context: AnalyzerContext): void {
  const prime = firstInteger(der);
  if (prime === undefined) return;
  const bits = prime.length * 8 - Math.clz32(prime[0] ?? 0) + 24;
  context.emit(
    keyDhParameters,
    { file: file.name, bits, prime: createHash('sha256').update(prime).digest('hex') },
    { where: `offset 0x${offset.toString(16)}` },
  );
}

function firstInteger(der: Uint8Array): Uint8Array | undefined {
  const start = contentAt(der, 0, 0x30);
  const integer = start === undefined ? undefined : contentAt(der, start.from, 0x02);
  if (integer === undefined || integer.to > der.length || integer.to - integer.from < 16) return undefined;
  const bytes = der.subarray(integer.from, integer.to);
  return bytes[0] === 0 ? bytes.subarray(1) : bytes;
}

function contentAt(
  der: Uint8Array,
  at: number,
  tag: number,
): { readonly from: number; readonly to: number } | undefined {
  if (der[at] !== tag) return undefined;
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const count = first & 0x7f;
  if (count === 0 || count > 3) return undefined;
  let length = 0;
  for (let i = 0; i < count; i += 1) length = length * 256 + (der[at + 2 + i] ?? 0);
  return { from: at + 2 + count, to: at + 2 + count + length };
}
