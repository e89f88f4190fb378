/** Cracking against john with the same list, and certificates against openssl x509, on this machine's own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { hashOf, sambaHash } from '../../src/codecs/formats/crypt.ts';
import { run } from '../../src/codecs/formats/crypt-job.ts';
import { readCertificate } from '../../src/codecs/formats/x509.ts';

const said = (command: string, args: readonly string[], input?: string): string => {
  const path = `${process.env['PATH']}:/usr/sbin`;
  return (
    spawnSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
      ...(input === undefined ? {} : { input }),
    }).stdout ?? ''
  );
};
const has = (command: string): boolean => said('sh', ['-c', `command -v ${command}`]) !== '';
const AUTHORITIES = '/etc/ssl/certs';

test.skipIf(!has('john') || !has('mkpasswd'))(
  'hashes of seven schemes open exactly as john opens them with the same list',
  async () => {
    const { passwords } = parse(readFileSync('baselines/knowledge/common-passwords.yaml', 'utf8')) as {
      passwords: string[];
    };
    const words = passwords.slice(0, 120);
    const chosen = [words[0], words[37], words[99], 'no-list-has-this-one'] as string[];
    const made: readonly ((word: string) => string)[] = [
      (word) => said('mkpasswd', ['-m', 'descrypt', word]),
      (word) => said('openssl', ['passwd', '-1', word]),
      (word) => said('openssl', ['passwd', '-apr1', word]),
      (word) => said('openssl', ['passwd', '-5', word]),
      (word) => said('openssl', ['passwd', '-6', word]),
      (word) => said('mkpasswd', ['-m', 'bcrypt', '-R', '4', word]),
      (word) => said('mkpasswd', ['-m', 'sha512crypt', '-R', '1000', word]),
    ];
    const hashes = made.flatMap((make) => chosen.map((word) => make(word).trim()));
    const shadow = hashes.map((hash, at) => `u${at}:${hash}:19000:0:99999:7:::`).join('\n');
    const folder = mkdtempSync(join(tmpdir(), 'assay-john-'));
    const opened = new Set<string>();
    try {
      writeFileSync(join(folder, 'list'), `${words.join('\n')}\n`);
      writeFileSync(join(folder, 'shadow'), `${shadow}\n`);
      for (const format of ['descrypt', 'md5crypt', 'bcrypt', 'crypt']) {
        const output = said('john', [
          `--format=${format}`,
          `--wordlist=${join(folder, 'list')}`,
          join(folder, 'shadow'),
        ]);
        for (const [, word, index] of output.matchAll(/^(\S+)\s+\(u(\d+)\)$/gm))
          opened.add(`${hashes[Number(index)]}:${word}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const known: string[] = [];
    for (const stored of hashes) {
      const hash = hashOf(stored);
      if (hash?.method === undefined) throw new Error(`${stored} can not be tried`);
      const settings = hash.group.slice(hash.method.length + 1);
      const { found, done } = await run({
        method: hash.method,
        settings,
        digests: [hash.digest],
        words,
        until: Date.now() + 60_000,
      });
      expect(done).toBe(true);
      for (const word of Object.values(found)) known.push(`${stored}:${word}`);
    }
    // john's classic build knows no apr1 and no salted SHA by a format of its own; `crypt` covers those that the C library knows.
    expect(known.length).toBe(21);
    const theirs = [...opened];
    expect(theirs.length).toBeGreaterThanOrEqual(15);
    expect(theirs.filter((line) => !known.includes(line))).toEqual([]);
    expect(known.filter((line) => !theirs.includes(line) && !line.startsWith('$apr1$'))).toEqual([]);
  },
);

/** Words that lead implementations astray: longer than DES takes, 8-bit, of several bytes a character, at the limits of each scheme. */
const AWKWARD = [
  'admin',
  'longer-than-eight',
  'longer-t',
  'größe',
  'пароль',
  '密码123',
  '\u{1f511}key',
  'a b c',
  'x'.repeat(15),
  'y'.repeat(16),
  'z'.repeat(17),
  'w'.repeat(64),
  'v'.repeat(72),
  'é'.repeat(36),
];
const crypted = (settings: string, word: string): string =>
  said('perl', ['-e', 'print crypt($ARGV[0], $ARGV[1])', word, settings]);
/** Salts that accounts share, and variants of each scheme; john's format for them. */
const SETTINGS: readonly (readonly [format: string, settings: string])[] = [
  ['descrypt', 'ab'],
  ['descrypt', './'],
  ['md5crypt', '$1$'],
  ['md5crypt', '$1$abcdefgh'],
  ['bcrypt', '$2a$04$abcdefghijklmnopqrstuu'],
  ['crypt', '$2b$04$abcdefghijklmnopqrstuu'],
  ['bcrypt', '$2y$05$ABCDEFGHIJKLMNOPQRSTUu'],
  ['crypt', '$5$saltsalt'],
  ['crypt', '$5$rounds=1000$abcdefghijklmnop'],
  ['crypt', '$6$saltsalt'],
  ['crypt', '$6$rounds=1234$s'],
];

test.skipIf(!has('john') || !has('perl'))(
  'awkward words open exactly the hashes that john opens with them, salts shared',
  { timeout: 300_000 },
  async () => {
    const made = SETTINGS.flatMap(([format, settings]) =>
      AWKWARD.map((word) => ({ format, stored: crypted(settings, word) })),
    );
    expect(made.filter(({ stored }) => hashOf(stored)?.method === undefined)).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'assay-john-'));
    try {
      writeFileSync(join(folder, 'list'), `${AWKWARD.join('\n')}\n`);
      for (const format of new Set(made.map((one) => one.format))) {
        const own = made.filter((one) => one.format === format).map(({ stored }) => stored);
        writeFileSync(join(folder, 'shadow'), own.map((hash, at) => `u${at}:${hash}:1::::::\n`).join(''));
        const john = (...args: string[]): string =>
          said('env', [`HOME=${folder}`, 'john', `--format=${format}`, ...args, join(folder, 'shadow')]);
        john(`--wordlist=${join(folder, 'list')}`);
        const theirs = john('--show')
          .split('\n')
          .flatMap((line) => /^u(\d+):(.*?):1::/.exec(line)?.slice(1) ?? []);
        const pairs = new Map(theirs.flatMap((_, at) => (at % 2 === 0 ? [[Number(theirs[at]), theirs[at + 1]]] : [])));
        const groups = new Map(own.map((stored) => [hashOf(stored)?.group ?? '', hashOf(stored)?.method]));
        const found: { [key: string]: string } = {};
        for (const [group, method] of groups) {
          if (method === undefined) continue;
          const digests = own.flatMap((stored) => {
            const hash = hashOf(stored);
            return hash?.group === group ? [hash.digest] : [];
          });
          const settings = group.slice(method.length + 1);
          const output = await run({ method, settings, digests, words: AWKWARD, until: Date.now() + 200_000 });
          for (const [digest, word] of Object.entries(output.found)) found[group + digest] = word;
        }
        const ours = own.map((stored) => found[`${hashOf(stored)?.group}${hashOf(stored)?.digest}`]);
        const missed = own.flatMap((stored, at) => (ours[at] === undefined ? [`${stored} ${pairs.get(at)}`] : []));
        expect(missed, format).toEqual([]);
        // Its own MD5 code takes 15 bytes; ours opens what crypt(3) made of all.
        const most = format === 'md5crypt' ? 15 : 100;
        const fit = own.filter((_, at) => Buffer.byteLength(AWKWARD[at % AWKWARD.length] ?? '') <= most);
        const opened = own.filter((_, at) => pairs.has(at));
        expect(opened, format).toEqual(fit);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

/** What `words` open of hashes of one kind without salt. */
async function openedOf(kind: 'lm' | 'nt', fields: readonly string[], words: readonly string[]): Promise<string[]> {
  const hashes = fields.map((field) => sambaHash(kind, field));
  const digests = hashes.flatMap((hash) => (hash === undefined ? [] : [hash.digest]));
  const { found, done } = await run({ method: kind, settings: '', digests, words, until: Date.now() + 60_000 });
  expect(done).toBe(true);
  return Object.entries(found).map(([digest, word]) => `${digest}:${word}`);
}
const legacy = (args: readonly string[], input: Buffer): string =>
  spawnSync('openssl', [...args, '-provider', 'legacy', '-provider', 'default'], { input }).stdout.toString('hex');

test.skipIf(!has('openssl'))('NT hashes are those of openssl’s MD4 over UTF-16', async () => {
  const words = ['admin', 'Passwort', 'größe', 'no-list-has-this-one'];
  const nt = words.map((word) => legacy(['dgst', '-md4', '-binary'], Buffer.from(word, 'utf16le')));
  expect(nt[0]).toMatch(/^[0-9a-f]{32}$/);
  const expected = words.slice(0, 3).map((word, at) => `${nt[at]}:${word}`);
  expect(new Set(await openedOf('nt', nt, words.slice(0, 3)))).toEqual(new Set(expected));
});

test.skipIf(!has('john') || !has('openssl'))('LM hashes open as john opens them with the same list', async () => {
  /** Seven characters spread over eight bytes, whose last bits DES leaves alone. */
  const keyOf = (half: string): string => {
    const bits = BigInt(`0x${Buffer.from(half.padEnd(7, '\0'), 'latin1').toString('hex')}`);
    return Array.from({ length: 8 }, (_, at) => Number((bits >> BigInt(49 - 7 * at)) & 0x7fn) << 1)
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  };
  const lm = (word: string): string => {
    const upper = word.toUpperCase();
    return [upper.slice(0, 7), upper.slice(7, 14)]
      .map((half) => legacy(['enc', '-des-ecb', '-nopad', '-K', keyOf(half)], Buffer.from('KGS!@#$%')))
      .join('');
  };
  const words = ['admin', 'password', 'q1w2e3', 'longerpasswd12'];
  const fields = [...words, 'notinthelist'].map(lm);
  const folder = mkdtempSync(join(tmpdir(), 'assay-lm-'));
  try {
    writeFileSync(join(folder, 'list'), `${words.flatMap((word) => [word, word.slice(7)]).join('\n')}\n`);
    const lines = fields.map((field, at) => `u${at}:${at}:${field}:${'0'.repeat(32)}:::`);
    writeFileSync(join(folder, 'pwdump'), `${lines.join('\n')}\n`);
    // It keeps what it has opened in a file below HOME.
    const john = (...args: string[]): string =>
      said('env', [`HOME=${folder}`, 'john', '--format=LM', ...args, join(folder, 'pwdump')]);
    john(`--wordlist=${join(folder, 'list')}`);
    const shown = john('--show');
    const theirs = shown
      .split('\n')
      .flatMap((line) => /^u(\d+):([^:?]+):/.exec(line)?.slice(1, 3).join(' ') ?? [])
      .filter((line) => line !== '');
    const ours = (await openedOf('lm', fields, words)).map((line) => {
      const [digest = '', word = ''] = line.split(':');
      return `${fields.indexOf(digest)} ${word.toUpperCase()}`;
    });
    expect(theirs).toHaveLength(words.length);
    expect(new Set(ours)).toEqual(new Set(theirs));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.skipIf(!existsSync(AUTHORITIES) || !has('openssl'))('certificates say what openssl x509 says', () => {
  const files = readdirSync(AUTHORITIES)
    .filter((name) => name.endsWith('.pem'))
    .slice(0, 60);
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) {
    const path = join(AUTHORITIES, name);
    const ours = readCertificate(readFileSync(path));
    const theirs = said('openssl', [
      'x509',
      '-in',
      path,
      '-noout',
      '-serial',
      '-startdate',
      '-enddate',
      '-fingerprint',
      '-sha256',
      '-dateopt',
      'iso_8601',
    ]);
    const field = (key: string): string => new RegExp(`${key}=(.*)`).exec(theirs)?.[1] ?? '';
    expect(ours.sha256, name).toBe(field('sha256 Fingerprint').replaceAll(':', '').toLowerCase());
    expect(ours.notAfter, name).toBe(field('notAfter').replace(' ', 'T').replace('Z', '.000Z'));
    expect(ours.notBefore, name).toBe(field('notBefore').replace(' ', 'T').replace('Z', '.000Z'));
    const text = said('openssl', ['x509', '-in', path, '-noout', '-text']);
    expect(ours.keyBits, name).toBe(Number(/Public-Key: \((\d+) bit/.exec(text)?.[1] ?? ours.keyBits));
  }
});
