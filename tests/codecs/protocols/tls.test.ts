/** Suites, hellos and server flights of TLS. */

import { createDiffieHellmanGroup } from 'node:crypto';
import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { greet, readSsl2Hello } from '../../../src/codecs/protocols/tls-flight.ts';
import { clientHello, handshake, record, ssl2Hello, usualExtensions } from '../../../src/codecs/protocols/tls-hello.ts';
import { knownPrime } from '../../../src/codecs/protocols/tls-primes.ts';
import { CLASSIC_SUITES, SSL2_KINDS, suiteOf, THIRTEEN_SUITES } from '../../../src/codecs/protocols/tls-suites.ts';
import { Cursor, VERSIONS } from '../../../src/codecs/protocols/tls-wire.ts';

describe('suites are read off their names', () => {
  test.each([
    [0x0000 + 5, { suite: 'TLS_RSA_WITH_RC4_128_SHA', bits: 128, weaknesses: ['rc4', 'sha1', 'static-key-exchange'] }],
    [0x0003, { encryption: 'RC4', bits: 40, mac: 'MD5', weaknesses: ['export', 'rc4', 'md5', 'static-key-exchange'] }],
    [0x000a, { encryption: '3DES-CBC', bits: 112, forwardSecrecy: false }],
    [0x0018, { keyExchange: 'DHE', authentication: 'anon', weaknesses: ['anonymous', 'rc4', 'md5'] }],
    [0x002f, { keyExchange: 'RSA', authentication: 'RSA', encryption: 'AES-128-CBC', mac: 'SHA-1' }],
    [0xc02b, { keyExchange: 'ECDHE', authentication: 'ECDSA', encryption: 'AES-128-GCM', aead: true, weaknesses: [] }],
    [0xc0a8, { keyExchange: 'PSK', encryption: 'AES-128-CCM-8', weaknesses: ['static-key-exchange', 'short-tag'] }],
    [0xcca8, { encryption: 'CHACHA20-POLY1305', bits: 256, aead: true, weaknesses: [] }],
    [0x1301, { keyExchange: 'any', encryption: 'AES-128-GCM', forwardSecrecy: true, weaknesses: [] }],
    [0x0700c0, { suite: 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5', encryption: '3DES-CBC', bits: 112 }],
    [0xeeee, { suite: 'unknown (0xeeee)', bits: 0 }],
  ])('0x%s', (code, expected) => expect(suiteOf(code)).toMatchObject(expected));
  test('every registered suite has a cipher that is known', () => {
    for (const code of [...CLASSIC_SUITES, ...THIRTEEN_SUITES, ...SSL2_KINDS.keys()]) {
      const { suite, encryption, bits } = suiteOf(code);
      expect(encryption, suite).not.toBe('unknown');
      if (encryption !== 'NULL' && !suite.includes('SHA256_SHA256')) expect(bits, suite).toBeGreaterThan(0);
    }
  });
});

test('a hello is one record whose lengths fit, down to SSLv3 without extensions', () => {
  for (const version of [VERSIONS.SSLv3, VERSIONS.TLSv1, VERSIONS['TLSv1.2'], VERSIONS['TLSv1.3']]) {
    const bytes = clientHello({ version, suites: [0x2f, 0x35], extensions: usualExtensions(version, 'camera.local') });
    expect(bytes.readUInt16BE(3)).toBe(bytes.length - 5);
    const cursor = new Cursor(bytes.subarray(5));
    expect(cursor.number(1)).toBe(1);
    const body = new Cursor(cursor.vector(3));
    expect(cursor.left).toBe(0);
    expect(body.number(2)).toBe(Math.min(version, VERSIONS['TLSv1.2']));
    body.take(32);
    body.vector(1);
    expect(body.vector(2).length).toBe(4);
    body.vector(1);
    expect(body.left > 0).toBe(version > VERSIONS.SSLv3);
  }
});

/** A peer that answers the first bytes with those given, in pieces of that size. */
function peer(answer: Uint8Array, piece = answer.length): Duplex {
  const out = new PassThrough();
  const stream = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => {
      for (let at = 0; at < answer.length; at += piece) out.write(answer.subarray(at, at + piece));
      out.end();
      done();
    },
  });
  out.on('data', (chunk) => stream.push(chunk));
  out.on('end', () => stream.push(null));
  return stream;
}

const hello = (version: number, suite: number): Buffer =>
  handshake(
    2,
    Buffer.concat([
      Buffer.from([version >> 8, version & 255]),
      Buffer.alloc(32, 7),
      Buffer.from([0, suite >> 8, suite & 255, 0]),
    ]),
  );
const ask = (answer: Uint8Array, until: 'hello' | 'done' = 'hello', piece?: number) =>
  greet(peer(answer, piece), Buffer.from('hello'), { until, timeout: 500 });

describe('answers', () => {
  const flight = record(
    22,
    0x0303,
    Buffer.concat([
      hello(0x0303, 0xc02f),
      handshake(11, Buffer.from('00000500000201ff'.slice(0, 16), 'hex')),
      handshake(14, Buffer.alloc(0)),
    ]),
  );
  test.each([1, 3, 4096])('a flight in pieces of %i bytes', async (piece) => {
    const seen = await ask(flight, 'done', piece);
    expect(seen).toMatchObject({ end: 'complete', done: true, hello: { version: 0x0303, suite: 0xc02f } });
    expect(seen.certificates).toEqual([new Uint8Array([1, 255])]);
  });
  test('an alert is told by name', async () => {
    expect(await ask(record(21, 0x0301, Buffer.from([2, 40])))).toMatchObject({
      end: 'alert',
      alert: { name: 'handshake_failure' },
    });
  });
  test('a warning before the hello does not end it', async () => {
    const seen = await ask(
      Buffer.concat([record(21, 0x0303, Buffer.from([1, 112])), record(22, 0x0303, hello(0x0303, 0x2f))]),
    );
    expect(seen).toMatchObject({ end: 'complete', hello: { suite: 0x2f } });
  });
  test('HTTP is no TLS, and what it said is kept', async () => {
    const seen = await ask(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(seen.end).toBe('malformed');
    expect(Buffer.from(seen.foreign ?? []).toString()).toContain('HTTP/1.1');
  });
  test.each([
    ['nothing at all', Buffer.alloc(0), 'closed'],
    ['half a record', Buffer.from([22, 3, 3, 0, 80, 2]), 'closed'],
    ['a record beyond the limit', Buffer.from([22, 3, 3, 255, 255]), 'malformed'],
    ['a hello that lies about its length', record(22, 0x0303, handshake(2, Buffer.from([3, 3, 1]))), 'malformed'],
    [
      'a storm of warnings',
      Buffer.concat(Array.from({ length: 5000 }, () => record(21, 0x0303, Buffer.from([1, 112])))),
      'malformed',
    ],
  ])('%s', async (_name, bytes, end) => expect((await ask(bytes)).end).toBe(end));
});

describe('SSLv2', () => {
  test('its hello has the top bit of the length set', () => {
    const bytes = ssl2Hello(SSL2_KINDS.keys());
    expect(bytes.readUInt16BE(0)).toBe(0x8000 | (bytes.length - 2));
  });
  test('a SERVER-HELLO names its kinds; an alert of TLS is a refusal', async () => {
    const body = Buffer.from('04000100020000000300100100800123456789abcdef0123456789abcdef', 'hex');
    const server = Buffer.concat([Buffer.from([0x80, body.length]), body]);
    expect(await readSsl2Hello(peer(server), Buffer.from('x'), 500)).toMatchObject({ kinds: [0x010080] });
    expect(await readSsl2Hello(peer(record(21, 0x0300, Buffer.from([2, 40]))), Buffer.from('x'), 500)).toBeUndefined();
  });
});

test('the primes of RFC 2409 and RFC 3526 are known', () => {
  expect(knownPrime(createDiffieHellmanGroup('modp2').getPrime())).toBe('RFC 2409 1024');
  expect(knownPrime(createDiffieHellmanGroup('modp14').getPrime())).toBe('RFC 3526 2048');
  expect(knownPrime(Buffer.alloc(128, 3))).toBeUndefined();
});
