/** Facts about keys, certificates and secrets in an image. Secrets are told by place, kind and fingerprint, never by value. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, real, text, whole, yes } from '../lib/schema.ts';

const place = oneOf(
  ['system', 'documentation', 'test', 'library'],
  'documentation, test and library: examples, judged only if something refers to them.',
);
const keyType = oneOf(['RSA', 'EC', 'Ed25519', 'Ed448', 'X25519', 'DSA', 'DH', 'symmetric', 'other']);

export const keyPrivate = defineFact({
  name: 'key.private',
  title: 'A private key in an image',
  over: 'root-file-system',
  secret: 'all',
  schema: object({
    file: text(),
    format: oneOf([
      'pkcs1',
      'pkcs8',
      'sec1',
      'openssh',
      'dropbear',
      'pkcs12',
      'jks',
      'putty',
      'wireguard',
      'openpgp',
      'der',
      'other',
    ]),
    type: keyType,
    bits: count(),
    curve: maybe(text()),
    spki: maybe(text('Hex SHA-256 of the SPKI of its public half; absent where encrypted.')),
    encrypted: yes(),
    passphrase: maybe(text('Of our list of defaults, where it opened the file.')),
    place,
    referenced: yes('A configuration, script or program of the image names the file.'),
    referencedBy: maybe(text()),
    service: maybe(
      object({
        daemon: text('The program that shows it to its peers.'),
        setting: text('The directive or option that names it, or `default`.'),
        file: maybe(text()),
        line: maybe(whole()),
        started: oneOf(['always', 'unknown', 'never']),
      }),
    ),
    purpose: oneOf(['ssh-host', 'tls-server', 'tls-client', 'update-signing', 'authority', 'vpn', 'unknown']),
    replacedAtFirstBoot: oneOf(['yes', 'no', 'unknown']),
    known: maybe(text('Whose publicly known or sample key it is.')),
    weaknesses: list(
      oneOf(['small', 'roca', 'shared-prime', 'close-primes', 'small-exponent', 'debian', 'small-factor']),
    ),
    readableByOthers: oneOf(['yes', 'no', 'unknown']),
  }),
});
export const keyCertificate = defineFact({
  name: 'key.certificate',
  title: 'A certificate in an image (outside CA bundles)',
  over: 'root-file-system',
  schema: object({
    file: text(),
    subject: text(),
    issuer: text(),
    notBefore: text(),
    notAfter: text(),
    keyType,
    keyBits: count(),
    signatureHash: text(),
    spki: text(),
    sha256: text(),
    ca: yes(),
    selfSigned: yes(),
    place,
    known: maybe(text()),
    privateKeyInImage: yes(),
  }),
});
export const keyTrustStore = defineFact({
  name: 'key.trust-store',
  title: 'A bundle of authorities that an image trusts',
  over: 'root-file-system',
  schema: object({
    file: text(),
    certificates: count(),
    expired: count(),
    weak: count('RSA under 2048 bits or MD5/SHA-1 signed and not a root.'),
    distrusted: count(),
    newest: text('Latest notBefore, ISO 8601: a lower bound of its age.'),
    testAuthority: maybe(text()),
  }),
});
export const keyDhParameters = defineFact({
  name: 'key.dh-parameters',
  title: 'A file of Diffie-Hellman parameters',
  over: 'root-file-system',
  schema: object({ file: text(), bits: count(), prime: text() }),
});
export const secretToken = defineFact({
  name: 'secret.token',
  title: 'A credential for a service in an image',
  over: 'root-file-system',
  secret: 'all',
  schema: object({
    kind: text('aws-access-key, github-token, generic-password …'),
    file: text(),
    line: maybe(whole()),
    offset: maybe(whole()),
    masked: text('First and last characters and the length.'),
    confidence: oneOf(['verified', 'likely', 'possible'], 'verified: its checksum or structure proves the kind.'),
    example: yes('An example shipped by a library or documentation.'),
    entropy: maybe(real()),
  }),
});
export const secretUrl = defineFact({
  name: 'secret.url',
  title: 'A URL with a user name and password in an image',
  over: 'root-file-system',
  secret: 'all',
  schema: object({ scheme: text(), host: text(), user: text(), file: text(), line: maybe(whole()), example: yes() }),
});
export const secretWifi = defineFact({
  name: 'secret.wifi',
  title: 'A preset Wi-Fi key in an image',
  over: 'root-file-system',
  secret: 'all',
  schema: object({
    role: oneOf(['access-point', 'client']),
    ssid: maybe(text()),
    file: text(),
    line: whole(),
    security: oneOf(['open', 'wep', 'wpa', 'wpa2', 'wpa3', 'unknown']),
    placeholder: yes('A template variable or an obvious example.'),
  }),
});
export const secretSymmetric = defineFact({
  name: 'secret.symmetric',
  title: 'A hard-coded symmetric key or known constant key',
  over: 'root-file-system',
  secret: 'all',
  schema: object({ name: text(), file: text(), offset: whole(), known: yes() }),
});
