/** Secrets are blacked out before evidence is kept: what remains tells which secret it was, not what it is. */
import { createHmac } from 'node:crypto';

/** Blacks out secrets in bytes; undefined when there was nothing to black out. */
export type Redactor = (bytes: Uint8Array, mediaType: string) => Uint8Array | undefined;

/** Media types that are a secret as a whole. */
const SECRET_TYPES = new Set(['application/pkcs8', 'application/x-private-key', 'application/x-pkcs12']);
const PEM_BEGIN = '-----BEGIN ';
const PEM_DASHES = '-----';

interface Rule {
  readonly pattern: RegExp;
  /** Index of the group that holds the secret. */
  readonly secret: number;
}

/** Each pattern is linear: fixed words, one bounded class, no nesting. */
const RULES: readonly Rule[] = [
  // crypt(3): $id$salt$hash, with bcrypt's joined salt and yescrypt's parameters
  { pattern: /(\$[a-z0-9]{1,8}\$(?:[^$\s:]{0,80}\$){0,2})([./A-Za-z0-9+=]{13,128})/g, secret: 2 },
  // shadow and passwd lines with DES or BSDi hashes
  { pattern: /^([a-z_][a-z0-9_-]{0,31}:)([./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19})(?=:)/gm, secret: 2 },
  // the password of a URL's user, and of curl's --user
  { pattern: /\b([a-z][a-z0-9+.-]{1,15}:\/\/[^\s:/@"'<>]{0,64}:)([^\s/@"'<>]{1,128})(?=@)/gi, secret: 2 },
  { pattern: /((?:^|\s)(?:-u|--user|--proxy-user)[ \t=]{1,4}["']?[^\s:"']{1,64}:)([^\s"']{1,128})/gm, secret: 2 },
  { pattern: /\b(authorization:[ \t]{0,8}[a-z]{4,10}[ \t]{1,8})([^\s,]{4,512})/gi, secret: 2 },
  {
    pattern:
      /\b((?:[a-z0-9]{1,32}[_.-]){0,3}(?:password|passwd|passphrase|psk|secret|token|api_?key)["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)([^\s"'<>&,;]{4,512})/gi,
    secret: 2,
  },
];

/** `salt` is random for each dossier: fingerprints tell equal from different inside one dossier and nothing beyond it. */
export function createRedactor(salt: Uint8Array): Redactor {
  const fingerprint = (secret: string): string =>
    createHmac('sha256', salt).update(secret, 'latin1').digest('hex').slice(0, 8);
  const black = (secret: string): string =>
    `[redacted ${secret.length > 4 ? `${secret[0]}..${secret.at(-1)}, ` : ''}${secret.length} characters, ${fingerprint(secret)}]`;
  return (bytes, mediaType) => {
    if (SECRET_TYPES.has(mediaType)) return Buffer.from(black(Buffer.from(bytes).toString('latin1')), 'latin1');
    const text = Buffer.from(bytes).toString('latin1');
    const shown = withoutSecrets(text, black);
    return shown === text ? undefined : Buffer.from(shown, 'latin1');
  };
}

/** The same with an asterisk for each byte of a secret: every other byte stays in its place. */
export function maskSecrets(bytes: Uint8Array): Uint8Array {
  return Buffer.from(withoutSecrets(Buffer.from(bytes).toString('latin1'), asterisks), 'latin1');
}
export const asterisks = (secret: string): string => secret.replace(/[^\r\n]/g, '*');

function withoutSecrets(text: string, black: (secret: string) => string): string {
  let shown = withoutPrivateKeys(text, black);
  for (const { pattern } of RULES)
    shown = shown.replace(pattern, (_whole, before: string, secret: string) => before + black(secret));
  return shown;
}

/** PEM private keys, found by their dashes in one pass; one without an end is blacked out to the end of the text. */
function withoutPrivateKeys(text: string, black: (secret: string) => string): string {
  let done = 0;
  let shown = '';
  for (let at = text.indexOf(PEM_BEGIN); at >= 0; at = text.indexOf(PEM_BEGIN, Math.max(done, at + 1))) {
    const head = text.indexOf(PEM_DASHES, at + PEM_BEGIN.length);
    if (head < 0 || head - at > 80 || !text.slice(at, head).endsWith('PRIVATE KEY')) continue;
    const body = head + PEM_DASHES.length;
    const end = text.indexOf('-----END ', body);
    const stop = end < 0 ? text.length : end;
    shown += text.slice(done, body) + black(text.slice(body, stop));
    done = stop;
  }
  return shown + text.slice(done);
}
