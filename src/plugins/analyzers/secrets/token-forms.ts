/** Forms of credentials, each by what stands in all of its kind; checksums and structure prove them where there are any. */
import { crc32 } from 'node:zlib';

export type Confidence = 'verified' | 'likely' | 'possible';

export interface TokenForm {
  readonly kind: string;
  /** What stands before every such token: searched for at memory speed. */
  readonly anchor: string;
  /** Anchored at the start of the anchor; group 1 is the secret. */
  readonly shape: RegExp;
  /** Least entropy, bits a character. */
  readonly entropy: number;
  readonly prove?: (secret: string, now: number) => Confidence | undefined;
  /** Characters before the anchor that belong to it. */
  readonly back?: number;
  /** Characters looked at; 160 unless said. */
  readonly length?: number;
}

const END = '(?![A-Za-z0-9_/+=-])';
export const FORMS: readonly TokenForm[] = [
  { kind: 'aws-access-key', anchor: 'AKIA', shape: new RegExp(`^(AKIA[A-Z2-7]{16})${END}`), entropy: 3 },
  {
    kind: 'github-token',
    anchor: 'ghp_',
    shape: new RegExp(`^(ghp_[A-Za-z0-9]{36})${END}`),
    entropy: 3,
    prove: checksummed,
  },
  {
    kind: 'github-token',
    anchor: 'ghs_',
    shape: new RegExp(`^(ghs_[A-Za-z0-9]{36})${END}`),
    entropy: 3,
    prove: checksummed,
  },
  {
    kind: 'github-token',
    anchor: 'github_pat_',
    shape: new RegExp(`^(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})${END}`),
    entropy: 3,
  },
  {
    kind: 'npm-token',
    anchor: 'npm_',
    shape: new RegExp(`^(npm_[A-Za-z0-9]{36})${END}`),
    entropy: 3,
    prove: checksummed,
  },
  { kind: 'gitlab-token', anchor: 'glpat-', shape: new RegExp(`^(glpat-[A-Za-z0-9_-]{20})${END}`), entropy: 3 },
  {
    kind: 'slack-token',
    anchor: 'xox',
    shape: new RegExp(`^(xox[bapr]-\\d{10,13}-[A-Za-z0-9-]{20,80})${END}`),
    entropy: 3,
  },
  {
    kind: 'slack-webhook',
    anchor: 'hooks.slack.com/services/',
    shape: /^hooks\.slack\.com\/services\/(T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/[A-Za-z0-9]{24})/,
    entropy: 3,
  },
  { kind: 'stripe-key', anchor: 'k_live_', shape: new RegExp(`^k_live_([A-Za-z0-9]{24,99})${END}`), entropy: 3.5 },
  { kind: 'google-api-key', anchor: 'AIza', shape: new RegExp(`^(AIza[A-Za-z0-9_-]{35})${END}`), entropy: 3.5 },
  {
    kind: 'sendgrid-key',
    anchor: 'SG.',
    shape: new RegExp(`^(SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43})${END}`),
    entropy: 4,
  },
  {
    kind: 'aws-secret-key',
    anchor: 'aws_secret_access_key',
    shape: new RegExp(`^aws_secret_access_key["']?\\s{0,4}[:=]\\s{0,4}["']?([A-Za-z0-9/+]{40})${END}`),
    entropy: 4,
  },
  {
    kind: 'aliyun-access-key',
    anchor: 'LTAI',
    shape: new RegExp(`^(LTAI(?:5t[A-Za-z0-9]{18}|[A-Za-z0-9]{12}|[A-Za-z0-9]{16}))${END}`),
    entropy: 3,
  },
  ...['DeviceSecret', 'deviceSecret', 'device_secret'].map((anchor) => ({
    kind: 'aliyun-device-secret',
    anchor,
    shape: new RegExp(`^${anchor}["']?\\s{0,4}[:=]\\s{0,4}["']?([A-Za-z0-9]{32})${END}`),
    entropy: 3.5,
  })),
  ...['authkey', 'auzkey'].map((anchor) => ({
    kind: 'tuya-license',
    anchor,
    shape: new RegExp(`^${anchor}["']?\\s{0,4}[:=]\\s{0,4}["']?([A-Za-z0-9]{32})${END}`),
    entropy: 3.5,
  })),
  {
    kind: 'xiaomi-device-key',
    anchor: 'did=',
    shape: /^did=\d{6,12}\r?\nkey=([A-Za-z0-9]{16})\r?\n/,
    entropy: 2.5,
  },
  {
    kind: 'gcp-service-account',
    anchor: 'service_account"',
    shape: /^service_account"[^{}]{0,200}"private_key_id"\s{0,4}:\s{0,4}"([0-9a-f]{40})"/,
    entropy: 3,
    length: 400,
  },
  {
    kind: 'telegram-token',
    anchor: ':AA',
    back: 10,
    shape: new RegExp(`(?<!\\d)(\\d{8,10}:AA[A-Za-z0-9_-]{33})${END}`),
    entropy: 4,
  },
  {
    kind: 'jwt',
    anchor: 'eyJ',
    shape: new RegExp(`^(eyJ[\\w-]{8,600}\\.eyJ[\\w-]{8,3000}\\.[\\w-]{20,700})${END}`),
    entropy: 4,
    prove: webToken,
    length: 4400,
  },
  { kind: 'azure-key', anchor: 'AccountKey=', shape: /^AccountKey=([A-Za-z0-9+/]{86}==)/, entropy: 4 },
  { kind: 'azure-key', anchor: 'SharedAccessKey=', shape: /^SharedAccessKey=([A-Za-z0-9+/]{43}=)/, entropy: 4 },
];
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** GitHub's and npm's tokens end in six characters: the CRC-32 of the thirty before, in base 62. One that does not match is none. */
function checksummed(secret: string): Confidence | undefined {
  const body = secret.slice(secret.indexOf('_') + 1);
  let value = crc32(body.slice(0, 30));
  let sum = '';
  for (let i = 0; i < 6; i += 1, value = Math.floor(value / 62)) sum = (BASE62[value % 62] ?? '') + sum;
  return sum === body.slice(30) ? 'verified' : undefined;
}

/** RFC 7519: a header that names an algorithm, claims that are an object. One that has run out opens nothing any more. */
function webToken(secret: string, now: number): Confidence | undefined {
  const [header, claims] = secret.split('.', 2).map(objectOf);
  if (typeof header?.['alg'] !== 'string' || claims === undefined) return undefined;
  const until = claims['exp'];
  return typeof until === 'number' && until * 1000 < now ? 'possible' : 'verified';
}

function objectOf(part: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}

/** What a token says in clear, for one that is plainly an example; times are round numbers often enough. */
export const clearOf = (kind: string, secret: string): string =>
  kind === 'jwt'
    ? Buffer.from(secret.split('.')[1] ?? '', 'base64url')
        .toString('latin1')
        .replace(/"(iat|exp|nbf)":\s*\d+/g, '')
    : secret;

/** Keys that a maker publishes for everybody's tests. */
export const PUBLISHED: ReadonlySet<string> = new Set([
  // The storage emulator of Azure (Microsoft Learn, "Use the Azurite emulator").
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
]);
