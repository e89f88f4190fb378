/** Facts about TLS and DTLS endpoints. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const TLS_VERSIONS = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3', 'DTLSv1', 'DTLSv1.2'] as const;

export const tlsProtocol = defineFact({
  name: 'tls.protocol',
  title: 'Whether an endpoint takes a handshake at one TLS version',
  over: 'endpoint',
  schema: object({
    version: oneOf(TLS_VERSIONS),
    accepted: yes(),
    alert: maybe(text('The alert with which the server refused.')),
  }),
});

export const tlsCipher = defineFact({
  name: 'tls.cipher',
  title: 'A cipher suite that an endpoint accepts',
  over: 'endpoint',
  schema: object({
    version: oneOf(TLS_VERSIONS),
    suite: text('IANA name.'),
    code: whole(),
    keyExchange: text('RSA, DHE, ECDHE, PSK, any (TLS 1.3) …'),
    authentication: text('RSA, ECDSA, anon, PSK, any …'),
    encryption: text('AES-128-GCM, 3DES-CBC, RC4, NULL …'),
    bits: count('Effective strength of the encryption in bits.'),
    mac: text('SHA-1, SHA-256, MD5, AEAD …'),
    forwardSecrecy: yes(),
    aead: yes(),
    weaknesses: list(
      oneOf([
        'null',
        'anonymous',
        'export',
        'rc4',
        'des',
        '3des',
        'md5',
        'sha1',
        'static-key-exchange',
        'cbc',
        'short-tag',
        'idea',
        'seed',
        'gost',
      ]),
    ),
  }),
});

export const tlsGroup = defineFact({
  name: 'tls.group',
  title: 'A key-exchange group that an endpoint accepts',
  over: 'endpoint',
  schema: object({ group: text('x25519, secp256r1, X25519MLKEM768, ffdhe2048 …'), bits: count(), postQuantum: yes() }),
});

export const tlsDhParameters = defineFact({
  name: 'tls.dh-parameters',
  title: 'Diffie-Hellman parameters that an endpoint uses',
  over: 'endpoint',
  schema: object({
    bits: count(),
    prime: text('Name of a known prime, or `custom`.'),
    reused: maybe(yes('The same public value in two handshakes.')),
  }),
});

export const tlsSignatureAlgorithm = defineFact({
  name: 'tls.signature-algorithm',
  title: 'A signature algorithm that an endpoint signs the handshake with',
  over: 'endpoint',
  schema: object({ name: text(), hash: text(), weak: yes() }),
});

export const tlsCertificate = defineFact({
  name: 'tls.certificate',
  title: 'A certificate that an endpoint presents',
  over: 'endpoint',
  schema: object({
    position: oneOf(['leaf', 'intermediate', 'root']),
    subject: text(),
    issuer: text(),
    serial: text(),
    notBefore: text('ISO 8601.'),
    notAfter: text('ISO 8601.'),
    days: whole('Lifetime in days.'),
    keyType: oneOf(['RSA', 'EC', 'Ed25519', 'Ed448', 'DSA', 'other']),
    keyBits: count(),
    curve: maybe(text()),
    exponent: maybe(whole()),
    signatureAlgorithm: text(),
    signatureHash: text('MD5, SHA-1, SHA-256 …; `none` for Ed25519.'),
    spki: text('Hex SHA-256 of the SPKI.'),
    sha256: text('Hex SHA-256 of the certificate.'),
    selfSigned: yes(),
    ca: yes(),
    names: list(text('DNS names and addresses.')),
    knownDefault: maybe(text('Name of the sample or default certificate that it is.')),
  }),
});

export const tlsChain = defineFact({
  name: 'tls.chain',
  title: 'How the certificate chain of an endpoint holds together',
  over: 'endpoint',
  schema: object({
    trust: oneOf(['given-authority', 'public-authority', 'self-signed', 'unknown-authority', 'broken']),
    ordered: yes(),
    length: count(),
    nameMatches: yes('One of its names is the host that was asked for.'),
    serverAuth: maybe(yes('Key usage and extended key usage suit a server.')),
    why: maybe(text()),
  }),
});

export const tlsConfiguration = defineFact({
  name: 'tls.configuration',
  title: 'Extensions and behaviours of a TLS endpoint',
  over: 'endpoint',
  schema: object({
    secureRenegotiation: maybe(yes()),
    clientRenegotiation: maybe(
      yes('A renegotiation that the client starts is honoured; false where it is refused or left unanswered.'),
    ),
    compression: maybe(yes()),
    fallbackScsv: maybe(yes('TLS_FALLBACK_SCSV is respected.')),
    extendedMasterSecret: maybe(yes()),
    encryptThenMac: maybe(yes()),
    sessionIds: maybe(yes()),
    tickets: maybe(yes()),
    ticketLifetime: maybe(count('Seconds.')),
    resumption: maybe(list(oneOf(['id', 'ticket']))),
    ocspStapling: maybe(yes()),
    sct: maybe(yes()),
    serverPreference: maybe(yes('The server chooses the suite by its own order.')),
    alpn: maybe(list(text())),
    clientCertificate: maybe(oneOf(['none', 'requested', 'required'])),
    strangerAccepted: maybe(yes('A client certificate signed by a stranger was taken where one is demanded.')),
    downgradeSentinel: maybe(yes()),
    earlyData: maybe(yes('A ticket of TLS 1.3 allows early data.')),
    intolerant: maybe(list(text('What the server chokes on: record size, unknown extension, GREASE …'))),
    clockSkew: maybe(
      whole('Seconds between the server clock in its hello and ours; absent where the random is random.'),
    ),
  }),
});

export const tlsVulnerability = defineFact({
  name: 'tls.vulnerability',
  title: 'Whether an endpoint shows a known TLS vulnerability',
  over: 'endpoint',
  schema: object({
    name: oneOf([
      'heartbleed',
      'ccs-injection',
      'robot',
      'poodle',
      'beast',
      'sweet32',
      'freak',
      'logjam',
      'drown',
      'crime',
      'ticketbleed',
    ]),
    vulnerable: yes(),
    how: text('By offer, or by which exchange.'),
  }),
});

export const tlsKnownKey = defineFact({
  name: 'tls.known-key',
  title: 'Whether the key of a served certificate is publicly known',
  over: 'endpoint',
  schema: object({ spki: text(), known: yes(), name: maybe(text('Whose key it is.')) }),
});
