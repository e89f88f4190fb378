/** URLs with a user name and a password in an image. */

import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { placesOf } from '../../../core/model/places.ts';
import { secretUrl } from '../../../facts/index.ts';
import { type Blob, textIn } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { isExamplePlace, lineCounter, looksMade, maySearch } from './tell.ts';

const SEPARATOR = '://';
const MAX_FOUND = 200;
const SCHEMES =
  /(https?|ftps?|sftp|mqtts?|wss?|rtsps?|smb|ldaps?|amqps?|mysql|postgres(?:ql)?|mongodb(?:\+srv)?|redis|telnet|ssh|git|svn)$/i;
const REST =
  /^:\/\/([^\s:@/"'<>\\]{1,64}):([^\s:@/"'<>\\]{1,128})@([A-Za-z0-9][A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\])(?=[:/?#\s"'<>\\\0,;)]|$)/;
const MADE_USERS = /^(user(name)?|login|name|foo|usr|u|me|joe|bob|alice|uname)$/i;
const MADE_WORDS = /^(pass(word|wd)?|pwd|pw|secret|p|bar|baz|x+|\*+)$/i;

/** Pages of a manual show how an address is written, in the words of their language. */
const HELP = /\/(help|manual|tutorial)s?\/.{0,200}\.(html?|xml|txt|md)$/i;

export const secretsUrlsWithCredentials: Analyzer = {
  id: 'secrets/urls-with-credentials',
  title: 'URLs with a user name and password',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretUrl],
  words: () => [SEPARATOR],
  wants: maySearch,
  observe: search,
};

function search(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  const lineAt = lineCounter(content);
  const seen = new Set<string>();
  for (const at of placesOf(SEPARATOR, context)) {
    const url = urlAt(content, at);
    if (url === undefined || seen.has(url.key)) continue;
    if (seen.size === MAX_FOUND) throw new FaultError('over-budget', `more than ${MAX_FOUND} passwords in one file`);
    seen.add(url.key);
    const { scheme, host, user, made } = url;
    const line = lineAt?.(at);
    context.emit(
      secretUrl,
      {
        scheme,
        host,
        user,
        file: file.name,
        ...(line === undefined ? {} : { line }),
        example: made || isExamplePlace(file) || HELP.test(file.name),
      },
      { where: line === undefined ? `offset 0x${at.toString(16)}` : `line ${line}` },
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

function urlAt(content: Blob, at: number): Found | undefined {
  const from = Math.max(0, at - 12);
  const scheme = SCHEMES.exec(textIn(content, from, at - from))?.[1];
  const rest = scheme === undefined ? null : REST.exec(textIn(content, at, 400));
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
