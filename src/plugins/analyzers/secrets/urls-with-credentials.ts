/** URLs with a user name and a password in an image. */

import { windowsOf } from '../../../codecs/formats/windows.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { secretUrl } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { isExamplePlace, looksMade, maySearch } from './tell.ts';

const MAX_TRIES = 500_000;
const MAX_FOUND = 200;
const SCHEMES =
  /(https?|ftps?|sftp|mqtts?|wss?|rtsps?|smb|ldaps?|amqps?|mysql|postgres(?:ql)?|mongodb(?:\+srv)?|redis|telnet|ssh|git|svn)$/i;
const REST =
  /^:\/\/([^\s:@/"'<>\\]{1,64}):([^\s:@/"'<>\\]{1,128})@([A-Za-z0-9][A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\])(?=[:/?#\s"'<>\\\0,;)]|$)/;
const MADE_USERS = /^(user(name)?|login|name|foo|usr|u|me|joe|bob|alice|uname)$/i;
const MADE_WORDS = /^(pass(word|wd)?|pwd|pw|secret|p|bar|baz|x+|\*+)$/i;

export const secretsUrlsWithCredentials: Analyzer = {
  id: 'secrets/urls-with-credentials',
  title: 'URLs with a user name and password',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretUrl],
  wants: maySearch,
  observe(file, content, context) {
    const seen = new Set<string>();
    for (const { base, buffer } of windowsOf(content)) search(file, base, buffer, seen, context);
  },
};

function* urlsIn(buffer: Buffer, seen: Set<string>): Generator<{ readonly at: number; readonly url: Found }> {
  let tries = 0;
  for (let at = buffer.indexOf('://'); at !== -1; at = buffer.indexOf('://', at + 3)) {
    tries += 1;
    if (tries > MAX_TRIES) throw new FaultError('over-budget', `more than ${MAX_TRIES} addresses in one file`);
    const url = urlAt(buffer, at);
    if (url === undefined || seen.has(url.key)) continue;
    if (seen.size === MAX_FOUND) throw new FaultError('over-budget', `more than ${MAX_FOUND} passwords in one file`);
    seen.add(url.key);
    yield { at, url };
  }
}

function search(file: FileEntry, base: number, buffer: Buffer, seen: Set<string>, context: AnalyzerContext): void {
  const isText = base === 0 && !buffer.subarray(0, 512).includes(0);
  let line = 1;
  let counted = 0;
  for (const { at, url } of urlsIn(buffer, seen)) {
    if (isText) {
      line += newlines(buffer, counted, at);
      counted = at;
    }
    const { scheme, host, user, made } = url;
    const place = isText ? { line } : {};
    const where = isText ? `line ${line}` : `offset 0x${(base + at).toString(16)}`;
    context.emit(
      secretUrl,
      { scheme, host, user, file: file.name, ...place, example: made || isExamplePlace(file) },
      { where },
    );
  }
}

interface Found {
  readonly scheme: string;
  readonly host: string;
  readonly user: string;
  readonly made: boolean;
  readonly key: string;
}

function urlAt(buffer: Buffer, at: number): Found | undefined {
  const scheme = SCHEMES.exec(buffer.toString('latin1', Math.max(0, at - 12), at))?.[1];
  const rest = scheme === undefined ? null : REST.exec(buffer.toString('latin1', at, at + 400));
  if (scheme === undefined || rest === null) return undefined;
  const [whole, user = '', password = '', host = ''] = rest;
  // Filled in at run time: no password stands here.
  if (/[$%{}()`|[\]]/.test(user + password)) return undefined;
  const made =
    MADE_USERS.test(user) ||
    MADE_WORDS.test(password) ||
    looksMade(`${user}:${password}`) ||
    /(^|\.)(example(\.\w+)?|test|invalid|localhost)$|^(host|server|hostname|proxy|domain|site|url|ip)(name)?(\.|$)/i.test(
      host,
    );
  return { scheme: scheme.toLowerCase(), host, user, made, key: scheme + whole };
}

function newlines(buffer: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = buffer.indexOf(10, from); at !== -1 && at < to; at = buffer.indexOf(10, at + 1)) count += 1;
  return count;
}
