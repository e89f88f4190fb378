/** HTTP and RTSP challenges, and the answers of Basic and Digest (RFC 7617, RFC 7616, RFC 2617). */

import { createHash } from 'node:crypto';
import { chance } from '../../lib/chance.ts';

export interface Challenge {
  readonly scheme: string;
  readonly parameters: { readonly [name: string]: string };
}

/** Reads the challenges of one WWW-Authenticate value; names are lower-case. What makes no sense is skipped. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: { [name: string]: string } }[] = [];
  const text = header.slice(0, 4096);
  const token = /([A-Za-z0-9_.-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/gy;
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) {
      at += 1;
      continue;
    }
    at = token.lastIndex;
    const [, name = '', quoted, bare] = match;
    if (quoted === undefined && bare === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} });
    else {
      const last = found.at(-1);
      if (last !== undefined) last.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
    }
  }
  return found;
}

export const basicAnswer = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;

export interface DigestQuestion {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  /** For tests; else random. */
  readonly cnonce?: string;
}

const HASHES: { readonly [algorithm: string]: string } = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

/** Whether a digest challenge can be answered here. */
export const digestKnown = (challenge: Challenge): boolean =>
  HASHES[algorithmOf(challenge).replace(/-SESS$/, '')] !== undefined && challenge.parameters['nonce'] !== undefined;

const algorithmOf = (challenge: Challenge): string => (challenge.parameters['algorithm'] ?? 'MD5').toUpperCase();

/** The Authorization value that answers a Digest challenge (qop auth, or none as of RFC 2069). */
export function digestAnswer(challenge: Challenge, question: DigestQuestion): string {
  const { realm = '', nonce = '', opaque } = challenge.parameters;
  const algorithm = algorithmOf(challenge);
  const name = HASHES[algorithm.replace(/-SESS$/, '')] ?? 'md5';
  const hash = (text: string): string => createHash(name).update(text, 'utf8').digest('hex');
  const cnonce = question.cnonce ?? chance(8, 'cnonce of HTTP').toString('hex');
  const qop = (challenge.parameters['qop'] ?? '').split(',').some((one) => one.trim() === 'auth') ? 'auth' : undefined;
  const secret = hash(`${question.user}:${realm}:${question.password}`);
  const ha1 = algorithm.endsWith('-SESS') ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const ha2 = hash(`${question.method}:${question.uri}`);
  const response = hash(
    qop === undefined ? `${ha1}:${nonce}:${ha2}` : `${ha1}:${nonce}:00000001:${cnonce}:${qop}:${ha2}`,
  );
  const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const members = [
    `username=${quote(question.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(question.uri)}`,
    `response="${response}"`,
    ...(challenge.parameters['algorithm'] === undefined ? [] : [`algorithm=${challenge.parameters['algorithm']}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`, 'nc=00000001', `cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ];
  return `Digest ${members.join(', ')}`;
}
