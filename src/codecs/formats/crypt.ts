/** Recognises stored password hashes: crypt(3) fields, htpasswd, mosquitto, LDAP-like and Samba forms; says what can be tried. */

export type HashScheme =
  | 'des'
  | 'bigcrypt'
  | 'md5crypt'
  | 'apr1'
  | 'bcrypt'
  | 'sha256crypt'
  | 'sha512crypt'
  | 'yescrypt'
  | 'gost-yescrypt'
  | 'scrypt'
  | 'sunmd5'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'md5'
  | 'pbkdf2'
  | 'lm'
  | 'nt'
  | 'plain'
  | 'none'
  | 'unknown';

/** One hash as stored. Hashes of one `group` share their computation: the same scheme, salt and cost. */
export interface StoredHash {
  readonly scheme: HashScheme;
  /** Absent where no guess can be tried. */
  readonly method?: HashMethod;
  readonly group: string;
  readonly digest: string;
}
export type HashMethod =
  | 'des'
  | 'md5crypt'
  | 'sha256crypt'
  | 'sha512crypt'
  | 'bcrypt'
  | 'sha1-base64'
  | 'sha1-salted'
  | 'mosquitto-sha512'
  | 'mosquitto-pbkdf2'
  | 'digest-md5'
  | 'digest-sha256'
  | 'nt'
  | 'lm';

const CRYPT64 = '[./0-9A-Za-z]';
const BASE64 = '[A-Za-z0-9+/]';

interface Form {
  readonly shape: RegExp;
  readonly scheme: HashScheme;
  readonly method?: HashMethod;
}

/** Groups in the shapes: 1 = what is shared (settings), 2 = the digest. All anchored and without nested repetition. */
const FORMS: readonly Form[] = [
  { shape: new RegExp(`^(\\$1\\$[^$:]{0,8})\\$(${CRYPT64}{22})$`), scheme: 'md5crypt', method: 'md5crypt' },
  { shape: new RegExp(`^(\\$apr1\\$[^$:]{0,8})\\$(${CRYPT64}{22})$`), scheme: 'apr1', method: 'md5crypt' },
  {
    shape: new RegExp(`^(\\$5\\$(?:rounds=\\d{1,9}\\$)?[^$:]{0,16})\\$(${CRYPT64}{43})$`),
    scheme: 'sha256crypt',
    method: 'sha256crypt',
  },
  {
    shape: new RegExp(`^(\\$6\\$(?:rounds=\\d{1,9}\\$)?[^$:]{0,16})\\$(${CRYPT64}{86})$`),
    scheme: 'sha512crypt',
    method: 'sha512crypt',
  },
  {
    shape: new RegExp(`^(\\$2[abxy]\\$\\d\\d\\$${CRYPT64}{22})(${CRYPT64}{31})$`),
    scheme: 'bcrypt',
    method: 'bcrypt',
  },
  // mosquitto_passwd: $6$ salted SHA-512 and $7$ PBKDF2, both in padded base64, unlike crypt(3)'s.
  {
    shape: new RegExp(`^(\\$6\\$${BASE64}{10,24}={0,2})\\$(${BASE64}{86}==)$`),
    scheme: 'sha512',
    method: 'mosquitto-sha512',
  },
  {
    shape: new RegExp(`^(\\$7\\$\\d{1,8}\\$${BASE64}{10,90}={0,2})\\$(${BASE64}{86}==)$`),
    scheme: 'pbkdf2',
    method: 'mosquitto-pbkdf2',
  },
  { shape: new RegExp(`^(\\{SHA\\})(${BASE64}{27}=)$`), scheme: 'sha1', method: 'sha1-base64' },
  { shape: /^(\$3\$\$)([0-9a-f]{32})$/, scheme: 'nt', method: 'nt' },
  { shape: /^(\$md5(?:,rounds=\d{1,10})?\$)(\S{22,250})$/, scheme: 'sunmd5' },
  { shape: /^(\$y\$)(\S{20,200})$/, scheme: 'yescrypt' },
  { shape: /^(\$gy\$)(\S{20,200})$/, scheme: 'gost-yescrypt' },
  { shape: /^(\$7\$)(\S{20,200})$/, scheme: 'scrypt' },
  { shape: new RegExp(`^(_${CRYPT64}{8})(${CRYPT64}{11})$`), scheme: 'des' },
  { shape: new RegExp(`^(${CRYPT64}{2})(${CRYPT64}{11})$`), scheme: 'des', method: 'des' },
  { shape: new RegExp(`^(${CRYPT64}{2})(${CRYPT64}{22,165})$`), scheme: 'bigcrypt' },
  { shape: /^(\$[\w-]{1,12}\$)(\S{8,250})$/, scheme: 'unknown' },
];

/** The hash in a field of passwd, shadow or htpasswd; undefined where no crypt(3) could have made it. */
export function hashOf(field: string): StoredHash | undefined {
  if (field.length > 300) return undefined;
  for (const { shape, scheme, method } of FORMS) {
    const match = shape.exec(field);
    if (match === null) continue;
    if (scheme === 'bigcrypt' && (field.length - 2) % 11 !== 0) continue;
    const common = { scheme, group: `${method ?? scheme} ${match[1] ?? ''}`, digest: match[2] ?? '' };
    return method === undefined ? common : { ...common, method };
  }
  return undefined;
}

/** `{SSHA}` of LDAP, which nginx takes: base 64 of SHA-1 over password and salt, then the salt. */
export function saltedHash(field: string): StoredHash | undefined {
  const text = /^\{SSHA\}([A-Za-z0-9+/]{28,80}={0,2})$/.exec(field)?.[1];
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length <= 20) return undefined;
  const salt = bytes.subarray(20).toString('base64');
  const digest = bytes.subarray(0, 20).toString('base64');
  return { scheme: 'sha1', method: 'sha1-salted', group: `sha1-salted ${salt}`, digest };
}

/** HA1 of digest access authentication (RFC 7616 §3.4.2), by MD5 or SHA-256: htdigest files. */
export function digestHash(user: string, realm: string, digest: string): StoredHash | undefined {
  if (!/^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/.test(digest)) return undefined;
  const scheme = digest.length === 32 ? 'md5' : 'sha256';
  const method = `digest-${scheme}` as const;
  return { scheme, method, group: `${method} ${user}:${realm}:`, digest: digest.toLowerCase() };
}

/** The LM or NT hash of a smbpasswd line; undefined for a field of X, * or `NO PASSWORD`. */
export function sambaHash(kind: 'lm' | 'nt', field: string): StoredHash | undefined {
  if (!/^[0-9A-Fa-f]{32}$/.test(field)) return undefined;
  return { scheme: kind, method: kind, group: `${kind} `, digest: field.toLowerCase() };
}
