/** Credentials for services in an image, by forms that say whose they are; checksums and structure prove them where there are any. */
import { crc32 } from 'node:zlib';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { secretToken } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { entropyOf, isExamplePlace, looksMade, masked, maySearch, windowsOf } from './tell.ts';

type Confidence = 'verified' | 'likely' | 'possible';

interface Form {
  readonly kind: string;
  /** What stands before every such token: searched for at memory speed. */
  readonly anchor: string;
  /** Anchored at the start of the anchor; group 1 is the secret. */
  readonly shape: RegExp;
  /** Least entropy, bits a character. */
  readonly entropy: number;
  readonly prove?: (secret: string) => Confidence | undefined;
}

const END = '(?![A-Za-z0-9_/+=-])';
const FORMS: readonly Form[] = [
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
  { kind: 'azure-key', anchor: 'AccountKey=', shape: /^AccountKey=([A-Za-z0-9+/]{86}==)/, entropy: 4 },
  { kind: 'azure-key', anchor: 'SharedAccessKey=', shape: /^SharedAccessKey=([A-Za-z0-9+/]{43}=)/, entropy: 4 },
];
/** Places of one anchor that are looked at; base64 holds every four letters once in 16 MiB. */
const MAX_TRIES = 200_000;
const MAX_FOUND = 200;

export const secretsTokens: Analyzer = {
  id: 'secrets/tokens',
  title: 'Credentials for services',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretToken],
  wants: maySearch,
  observe(file, content, context) {
    const seen = new Set<string>();
    let found = 0;
    for (const { base, buffer } of windowsOf(content)) {
      for (const { form, offset, secret } of allIn(buffer, seen)) {
        if (found === MAX_FOUND) throw new FaultError('over-budget', `more than ${MAX_FOUND} credentials in one file`);
        const place = placeOf(buffer, base, offset);
        if (tell(form, secret, place, file, context)) found += 1;
      }
    }
  },
};

/** The line in a text, the place in everything else. */
const placeOf = (buffer: Buffer, base: number, offset: number): { line: number } | { offset: number } =>
  base === 0 && !buffer.subarray(0, 512).includes(0) ? { line: lineAt(buffer, offset) } : { offset: base + offset };

function* allIn(buffer: Buffer, seen: Set<string>): Generator<Occurrence & { readonly form: Form }> {
  for (const form of FORMS) for (const one of occurrences(buffer, form, seen)) yield { form, ...one };
}

interface Occurrence {
  readonly offset: number;
  readonly secret: string;
}

/** Amid a longer word it is chance: base64 holds every four letters sooner or later. */
const isAmid = (buffer: Buffer, at: number, anchor: string): boolean =>
  at > 0 &&
  anchor !== 'k_live_' &&
  !anchor.includes('.com') &&
  /[A-Za-z0-9+/_-]/.test(String.fromCharCode(buffer[at - 1] ?? 0));

function* occurrences(buffer: Buffer, form: Form, seen: Set<string>): Generator<Occurrence> {
  let tries = 0;
  for (let at = buffer.indexOf(form.anchor); at !== -1; at = buffer.indexOf(form.anchor, at + 1)) {
    tries += 1;
    if (tries > MAX_TRIES) throw new FaultError('over-budget', `more than ${MAX_TRIES} places of ${form.anchor}`);
    if (isAmid(buffer, at, form.anchor)) continue;
    const secret = form.shape.exec(buffer.toString('latin1', at, at + 160))?.[1];
    if (secret === undefined || seen.has(secret)) continue;
    seen.add(secret);
    yield { offset: at, secret };
  }
}

function tell(
  form: Form,
  secret: string,
  place: { readonly line: number } | { readonly offset: number },
  file: FileEntry,
  context: AnalyzerContext,
): boolean {
  const entropy = entropyOf(secret);
  const confidence = form.prove === undefined ? 'likely' : form.prove(secret);
  if (confidence === undefined) return false;
  const example = looksMade(secret) || entropy < form.entropy || isExamplePlace(file.name);
  context.emit(
    secretToken,
    {
      kind: form.kind,
      file: file.name,
      ...place,
      masked: masked(secret),
      confidence,
      example,
      entropy,
    },
    { where: 'line' in place ? `line ${place.line}` : `offset 0x${place.offset.toString(16)}` },
  );
  return true;
}

function lineAt(buffer: Buffer, offset: number): number {
  let line = 1;
  for (let at = buffer.indexOf(10); at !== -1 && at < offset; at = buffer.indexOf(10, at + 1)) line += 1;
  return line;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** GitHub's and npm's tokens end in six characters: the CRC-32 of the thirty before, in base 62. One that does not match is none. */
function checksummed(secret: string): Confidence | undefined {
  const body = secret.slice(secret.indexOf('_') + 1);
  let value = crc32(body.slice(0, 30));
  let sum = '';
  for (let i = 0; i < 6; i += 1, value = Math.floor(value / 62)) sum = (BASE62[value % 62] ?? '') + sum;
  return sum === body.slice(30) ? 'verified' : undefined;
}
