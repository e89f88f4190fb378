/** Named groups and signature schemes of TLS, with what they are worth. IANA TLS Supported Groups, TLS SignatureScheme. */

export interface Group {
  readonly code: number;
  readonly group: string;
  readonly bits: number;
  readonly postQuantum: boolean;
}

/** Bits are the size of the field; of the post-quantum ones, of their classical half (of pure ML-KEM, its security category). */
const ROWS: readonly (readonly [number, string, number])[] = [
  [1, 'sect163k1', 163],
  [2, 'sect163r1', 163],
  [3, 'sect163r2', 163],
  [4, 'sect193r1', 193],
  [5, 'sect193r2', 193],
  [6, 'sect233k1', 233],
  [7, 'sect233r1', 233],
  [8, 'sect239k1', 239],
  [9, 'sect283k1', 283],
  [10, 'sect283r1', 283],
  [11, 'sect409k1', 409],
  [12, 'sect409r1', 409],
  [13, 'sect571k1', 571],
  [14, 'sect571r1', 571],
  [15, 'secp160k1', 160],
  [16, 'secp160r1', 160],
  [17, 'secp160r2', 160],
  [18, 'secp192k1', 192],
  [19, 'secp192r1', 192],
  [20, 'secp224k1', 224],
  [21, 'secp224r1', 224],
  [22, 'secp256k1', 256],
  [23, 'secp256r1', 256],
  [24, 'secp384r1', 384],
  [25, 'secp521r1', 521],
  [26, 'brainpoolP256r1', 256],
  [27, 'brainpoolP384r1', 384],
  [28, 'brainpoolP512r1', 512],
  [29, 'x25519', 255],
  [30, 'x448', 448],
  [31, 'brainpoolP256r1tls13', 256],
  [32, 'brainpoolP384r1tls13', 384],
  [33, 'brainpoolP512r1tls13', 512],
  [41, 'curveSM2', 256],
  [256, 'ffdhe2048', 2048],
  [257, 'ffdhe3072', 3072],
  [258, 'ffdhe4096', 4096],
  [259, 'ffdhe6144', 6144],
  [260, 'ffdhe8192', 8192],
  [512, 'MLKEM512', 512],
  [513, 'MLKEM768', 768],
  [514, 'MLKEM1024', 1024],
  [4587, 'SecP256r1MLKEM768', 256],
  [4588, 'X25519MLKEM768', 255],
  [4589, 'SecP384r1MLKEM1024', 384],
  [0x6399, 'X25519Kyber768Draft00', 255],
];

export const GROUPS: readonly Group[] = ROWS.map(([code, group, bits]) => ({
  code,
  group,
  bits,
  postQuantum: /MLKEM|Kyber/.test(group),
}));

export const groupOf = (code: number): Group =>
  GROUPS.find((group) => group.code === code) ?? { code, group: `unknown (${code})`, bits: 0, postQuantum: false };

/** Groups of elliptic curves that a hello up to TLS 1.2 may name. */
export const CURVES: readonly number[] = ROWS.map(([code]) => code).filter((code) => code <= 30);
export const FINITE_FIELDS: readonly number[] = [256, 257, 258, 259, 260];
export const THIRTEEN_GROUPS: readonly number[] = ROWS.map(([code]) => code).filter(
  (code) => (code >= 23 && code <= 25) || code >= 29,
);

export interface SignatureScheme {
  readonly code: number;
  readonly name: string;
  readonly hash: string;
  readonly weak: boolean;
}

const SCHEMES: readonly (readonly [number, string, string])[] = [
  [0x0401, 'rsa_pkcs1_sha256', 'SHA-256'],
  [0x0501, 'rsa_pkcs1_sha384', 'SHA-384'],
  [0x0601, 'rsa_pkcs1_sha512', 'SHA-512'],
  [0x0403, 'ecdsa_secp256r1_sha256', 'SHA-256'],
  [0x0503, 'ecdsa_secp384r1_sha384', 'SHA-384'],
  [0x0603, 'ecdsa_secp521r1_sha512', 'SHA-512'],
  [0x0804, 'rsa_pss_rsae_sha256', 'SHA-256'],
  [0x0805, 'rsa_pss_rsae_sha384', 'SHA-384'],
  [0x0806, 'rsa_pss_rsae_sha512', 'SHA-512'],
  [0x0807, 'ed25519', 'none'],
  [0x0808, 'ed448', 'none'],
  [0x0809, 'rsa_pss_pss_sha256', 'SHA-256'],
  [0x080a, 'rsa_pss_pss_sha384', 'SHA-384'],
  [0x080b, 'rsa_pss_pss_sha512', 'SHA-512'],
  [0x081a, 'ecdsa_brainpoolP256r1tls13_sha256', 'SHA-256'],
  [0x081b, 'ecdsa_brainpoolP384r1tls13_sha384', 'SHA-384'],
  [0x081c, 'ecdsa_brainpoolP512r1tls13_sha512', 'SHA-512'],
  [0x0708, 'sm2sig_sm3', 'SM3'],
  [0x0904, 'mldsa44', 'none'],
  [0x0905, 'mldsa65', 'none'],
  [0x0906, 'mldsa87', 'none'],
  [0x0301, 'rsa_pkcs1_sha224', 'SHA-224'],
  [0x0303, 'ecdsa_sha224', 'SHA-224'],
  [0x0302, 'dsa_sha224', 'SHA-224'],
  [0x0402, 'dsa_sha256', 'SHA-256'],
  [0x0502, 'dsa_sha384', 'SHA-384'],
  [0x0602, 'dsa_sha512', 'SHA-512'],
  [0x0201, 'rsa_pkcs1_sha1', 'SHA-1'],
  [0x0203, 'ecdsa_sha1', 'SHA-1'],
  [0x0202, 'dsa_sha1', 'SHA-1'],
  [0x0101, 'rsa_pkcs1_md5', 'MD5'],
  [0x0103, 'ecdsa_md5', 'MD5'],
];

export const SIGNATURE_SCHEMES: readonly number[] = SCHEMES.map(([code]) => code);
export function schemeOf(code: number): SignatureScheme {
  const [, name, hash] = SCHEMES.find(([known]) => known === code) ?? [
    code,
    `unknown (0x${code.toString(16)})`,
    'unknown',
  ];
  return { code, name, hash, weak: hash === 'MD5' || hash === 'SHA-1' };
}
