/** Parsers of datagrams and of first bytes: known messages, and noise that must end in a value or a FaultError. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { coapGet, coreLinks, readCoap } from '../../../src/codecs/protocols/coap-message.ts';
import { digestAnswer, parseChallenges } from '../../../src/codecs/protocols/digest-authentication.ts';
import { DNS_TYPES, dnsQuestion, parseDns } from '../../../src/codecs/protocols/dns-message.ts';
import { dtlsGreets, dtlsHello } from '../../../src/codecs/protocols/dtls-greeting.ts';
import { answersNtp, carriesNtp } from '../../../src/codecs/protocols/ntp-message.ts';
import { parseSnmp, SYS_DESCR, snmpGet, snmpGetV3 } from '../../../src/codecs/protocols/snmp-message.ts';
import { parseSsdp } from '../../../src/codecs/protocols/ssdp-message.ts';
import { parseKexInit } from '../../../src/codecs/protocols/ssh-hello.ts';
import { parseSshPublicKey } from '../../../src/codecs/protocols/ssh-public-key.ts';
import { bitLength, sshMpint } from '../../../src/codecs/protocols/ssh-wire.ts';
import { parseTftp } from '../../../src/codecs/protocols/tftp-message.ts';
import { FaultError } from '../../../src/lib/fault.ts';

const PARSERS: { readonly [name: string]: (bytes: Uint8Array) => unknown } = {
  DNS: parseDns,
  SNMP: parseSnmp,
  TFTP: parseTftp,
  SSDP: parseSsdp,
  DTLS: dtlsGreets,
  KEXINIT: parseKexInit,
  'SSH key': parseSshPublicKey,
  CoAP: (bytes) => readCoap(bytes, coapGet('/x')),
  NTP: (bytes) => [answersNtp('3', bytes), carriesNtp('6', bytes), carriesNtp('7', bytes)],
};
const survives = (parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void => {
  try {
    parse(bytes);
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
  }
};

describe.each(Object.keys(PARSERS))('%s', (name) => {
  property.prop([fc.uint8Array({ maxLength: 600 })])('noise gives a value or a fault', (bytes) => {
    survives(PARSERS[name]!, bytes);
  });
  property.prop([fc.nat(), fc.integer({ min: 0, max: 255 })])(
    'a question with one byte changed does so, too',
    (at, byte) => {
      for (const whole of [
        snmpGet(1, 'public', 7),
        snmpGetV3(1, 'u'),
        dnsQuestion({ id: 1, name: 'a.b', type: 12 }),
        dtlsHello(),
      ]) {
        const bytes = Buffer.from(whole);
        bytes[at % bytes.length] = byte;
        survives(PARSERS[name]!, bytes);
      }
    },
  );
});

test('an SNMP request reads back as what was asked', () => {
  expect(parseSnmp(snmpGet(1, 'public', 70_000))).toMatchObject({
    version: 1,
    requestId: 70_000,
    oid: SYS_DESCR,
    present: false,
  });
  const engine = { id: Buffer.from('800000000102030405', 'hex'), boots: 3, time: 400 };
  expect(parseSnmp(snmpGetV3(9, 'initial', engine))).toMatchObject({ version: 3, engine: { boots: 3, time: 400 } });
});

test('a DNS answer with compressed names is read (RFC 1035 §4.1.4)', () => {
  const question = dnsQuestion({ id: 5, name: '_http._tcp.local', type: DNS_TYPES.PTR });
  question[2] = 0x84;
  question.writeUInt16BE(1, 6);
  const record = Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 6, 3, 99, 97, 109, 0xc0, 12]);
  expect(parseDns(Buffer.concat([question, record]))).toMatchObject({
    id: 5,
    response: true,
    answers: [{ name: '_http._tcp.local', type: 12, texts: ['cam._http._tcp.local'] }],
  });
});

test('a DNS name that points at itself is refused', () => {
  const loop = Buffer.from([0, 1, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]);
  expect(() => parseDns(loop)).toThrow(FaultError);
});

test('the digest of RFC 7616 §3.9.1 is computed', () => {
  const realm = 'http-auth@example.org';
  const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  const question = { user: 'Mufasa', password: 'Circle of Life', method: 'GET', uri: '/dir/index.html', cnonce };
  const answer = (algorithm: string): string => {
    const [challenge] = parseChallenges(
      `Digest realm="${realm}", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}"`,
    );
    return digestAnswer(challenge!, question);
  };
  expect(answer('MD5')).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
  expect(answer('SHA-256')).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
});

test('several challenges in one header are told apart', () => {
  expect(parseChallenges('Digest realm="a, b", nonce="x", Basic realm="c"')).toEqual([
    { scheme: 'digest', parameters: { realm: 'a, b', nonce: 'x' } },
    { scheme: 'basic', parameters: { realm: 'c' } },
  ]);
});

test('links of /.well-known/core are listed once', () => {
  expect(coreLinks(Buffer.from('</>;title="x",</time>;ct=0,</time>,<http://else>'))).toEqual(['/', '/time']);
});

test('mpints and bit lengths follow RFC 4251 §5', () => {
  expect(sshMpint(Buffer.from('80', 'hex')).toString('hex')).toBe('000000020080');
  expect(sshMpint(Buffer.from('0009a378f9b2e332a7', 'hex')).toString('hex')).toBe('0000000809a378f9b2e332a7');
  expect(bitLength(Buffer.from('000100', 'hex'))).toBe(9);
  expect(bitLength(Buffer.of(0))).toBe(0);
});
