/** The bytes that a fact points at: in their place, bounded, and never a secret. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { excerptAt, Lines } from '../../../src/core/evidence/excerpt.ts';
import type { FactType } from '../../../src/core/model/fact.ts';
import { excerptOf } from '../../../src/core/model/telling.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';

const take = (content: string | Uint8Array, where: string, secret?: FactType['secret']) => {
  const blob = memoryBlob(Buffer.from(content));
  return excerptAt(blob, new Lines(blob), where, secret);
};
const textOf = (...args: Parameters<typeof take>): string | undefined => {
  const excerpt = take(...args)?.excerpt;
  return excerpt === undefined ? undefined : Buffer.from(excerpt, 'base64').toString('latin1');
};

describe('places', () => {
  test('a line is shown without its end, at its offset', () => {
    expect(take('one\ntwo\r\nthree', 'line 2')).toMatchObject({ offset: 4, size: 4, locator: 'line 2' });
    expect(textOf('one\ntwo\nthree', 'line 3')).toBe('three');
    expect(textOf('one\ntwo', 'line 2 and what follows')).toBe('two');
  });
  test('lines are found in any order', () => {
    const blob = memoryBlob(Buffer.from('a\nb\nc\nd\n'));
    const lines = new Lines(blob);
    const of = (n: number) =>
      Buffer.from(excerptAt(blob, lines, `line ${n}`, undefined)?.excerpt ?? '', 'base64').toString();
    expect([4, 1, 3, 2].map(of)).toEqual(['d', 'a', 'c', 'b']);
  });
  test('from an offset at most 256 bytes are shown, and it is said where they lie', () => {
    const bytes = Uint8Array.from({ length: 4096 }, (_, at) => at % 7);
    expect(take(bytes, 'offset 0x40')).toMatchObject({ offset: 64, size: 256, mediaType: 'application/octet-stream' });
    expect(take(bytes, 'offset 4090')).toMatchObject({ offset: 4090, size: 6 });
  });
  test('a line of a megabyte is cut, and that is said', () => {
    expect(take(`a\n${'x'.repeat(1 << 20)}\n`, 'line 2')).toMatchObject({
      size: 256,
      locator: 'line 2, first 256 of 1048576 bytes',
    });
  });
  test.each(['line 0', 'line 9', 'offset 0x99', 'certificate 1', 'GET / 200', 'line 99999999', 'offset'])(
    '%s is no place in this file',
    (where) => expect(take('one\n', where)).toBeUndefined(),
  );
});

describe('secrets', () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const body = privateKey.split('\n')[5] ?? '';

  test('of a private key its first line alone is shown', () => {
    const shown = textOf(`# a key\n${privateKey}`, 'offset 0x8', 'all') ?? '';
    expect(shown.startsWith('-----BEGIN RSA PRIVATE KEY-----\n***')).toBe(true);
    expect(shown).not.toMatch(/[A-Za-z0-9+/]{30}/);
  });
  test('a line amid a private key is blacked out for every fact', () => {
    expect(body.length).toBe(64);
    expect(textOf(`x\n${privateKey}`, 'line 7')).toMatch(/^\*{64}$/);
  });
  test('every other byte stays in its place', () => {
    const line = 'curl -u admin:hunter2 https://bob:hunter2@example.org/ password=hunter2 # end';
    expect(textOf(line, 'line 1')).toBe(
      'curl -u admin:******* https://bob:*******@example.org/ password=******* # end',
    );
    expect(take(line, 'line 1')?.redacted).toBe(true);
  });
  test.each([
    ['a token', 'export X=ghp_0123456789abcdefghijABCDEFGHIJ012345\n', 'line 1'],
    ['a token before a colon', 'ghp_0123456789abcdefghijABCDEFGHIJ012345:x\n', 'line 1'],
    ['a binary key', Buffer.from('30820277020100300d06092a864886f70d01', 'hex'), 'offset 0x0'],
    ['a certificate’s armour around something else', '-----BEGIN CERTIFICATE-----\nAAAA\n', 'offset 0x0'],
  ])('%s that a fact points at is not shown at all', (_, content, where) => {
    expect(take(content, where, 'all')).toBeUndefined();
  });
  test.each([
    ['root:$1$abc$0123456789abcdefghijkl:0:0:', 'root:*********************************'],
    ['admin:12345678', 'admin:********'],
    ['  web_password = hunter2', '  web_password =********'],
  ])('of a stored password the name alone is shown: %s', (line, shown) => {
    const told = textOf(line, 'line 1', 'after-name') ?? '';
    expect(told.startsWith(shown)).toBe(true);
    expect(told.slice(told.search(/[:=]/) + 1)).toMatch(/^\**$/);
  });
  test.each(['client server secret:with *', 'hunter2', '"client" * "hunter2" *'])(
    'a line without a name at its start is not shown: %s',
    (line) => expect(take(line, 'line 1', 'after-name')).toBeUndefined(),
  );
});

test('what a terminal or a page obeys is told harmlessly, and bytes that are no text in hex', () => {
  const hostile = take('a\u001b[2J\u202e<script>', 'line 1');
  if (hostile === undefined) throw new Error('nothing was seen');
  const shown = excerptOf(hostile);
  expect(shown?.text).toEqual([]);
  expect(shown?.hex[0]).toBe('00000000  61 1b 5b 32 4a e2 80 ae  3c 73 63 72 69 70 74 3e  |a.[2J...<script>|');
  const plain = take('tab\tand ü\u202e', 'line 1');
  expect(plain === undefined ? [] : excerptOf(plain)?.text).toEqual(['tab  and ü\\u202e']);
});
