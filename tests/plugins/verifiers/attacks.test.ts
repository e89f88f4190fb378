/** Forgeries of the primitives, against each format that uses them: padding, r and s, small keys, other algorithms, bytes behind. */
import { createHash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TrustedKey } from '../../../src/core/model/verifier.ts';
import { miOtaImage, party } from '../../support/mi-ota.ts';
import { ecPair, edPair, espImage, filler, geckoFile, mcubootImage, rsaPair } from '../../support/signers.ts';
import { payloadFile } from '../../support/signers-android.ts';
import { cabFile, cmsBlob, jcatFile } from '../../support/signers-cab.ts';
import { capsuleFile } from '../../support/signers-capsule.ts';
import {
  attribute,
  type CmsOptions,
  certificate,
  cms,
  der,
  digestAlgorithm,
  type Issued,
  integer,
  NULL,
  octetString,
  oid,
  sequence,
  signatureAlgorithm,
} from '../../support/signers-cms.ts';
import { signedProgram } from '../../support/signers-pe.ts';
import { nordicPackage } from '../../support/signers-radio.ts';
import { judge } from '../../support/updates.ts';

const file = filler(600);
const rsa = rsaPair();
const authority = certificate('authority', rsa, { authority: true });
const signer = certificate('signer', rsaPair(), { by: authority });
const ecSigner = certificate('ec signer', ecPair(), { by: authority, serial: 77 });
const keys = [authority.trusted];

/** Every format whose signature is a CMS, with the options of its signer. */
const OF_CMS: readonly (readonly [string, (by: Issued, options: CmsOptions) => Promise<number>])[] = [
  [
    'beside a file',
    async (by, options) => (await judge(file, { keys, companions: { '.p7s': cms(file, by, options) } })).code,
  ],
  ['a program', async (by, options) => (await judge(signedProgram(by, options), { keys })).code],
  ['a capsule', async (by, options) => (await judge(capsuleFile(by, { cms: options }), { keys })).code],
  [
    'a bundle of RAUC',
    async (by, options) => {
      const signature = cms(file, by, options);
      const size = Buffer.alloc(8);
      size.writeBigUInt64BE(BigInt(signature.length));
      return (await judge(Buffer.concat([file, signature, size]), { keys })).code;
    },
  ],
  [
    'a zip of Android',
    async (by, options) => {
      // An empty archive: its record is the file, and the signature its comment.
      const local = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(26), file]);
      const record = Buffer.alloc(20);
      record.write('PK\x05\x06', 'latin1');
      const whole = Buffer.concat([local, record]);
      const signature = cms(whole, by, options);
      const foot = Buffer.alloc(6, 0xff);
      foot.writeUInt16LE(signature.length + 6, 0);
      foot.writeUInt16LE(signature.length + 6, 4);
      return (await judge(Buffer.concat([whole, foot.subarray(4), signature, foot]), { keys })).code;
    },
  ],
];

describe.each(OF_CMS)('CMS: %s', (name, ask) => {
  test('is verified when it is right, so that the rest means something', async () => {
    expect(await ask(signer, {})).toBe(0);
    expect(await ask(ecSigner, {})).toBe(0);
  });

  test.each<readonly [string, Issued, CmsOptions]>([
    ['over MD5', signer, { hash: 'md5' }],
    ['over SHA-1', signer, { hash: 'sha1' }],
    ['that states ECDSA with a key for RSA', signer, { algorithm: signatureAlgorithm(ecSigner.pair.secret, 'sha256') }],
    ['that states RSA with a key for ECDSA', ecSigner, { algorithm: signatureAlgorithm(signer.pair.secret, 'sha256') }],
    [
      'that states another digest than its signer',
      signer,
      { algorithm: signatureAlgorithm(signer.pair.secret, 'sha512') },
    ],
    ['that states PSS over the signature of PKCS #1', signer, { algorithm: sequence(oid('1.2.840.113549.1.1.10')) }],
    ['that states Ed25519', signer, { algorithm: sequence(oid('1.3.101.112')) }],
    ['that states HMAC', signer, { algorithm: sequence(oid('1.2.840.113549.2.9'), NULL) }],
    ['of zeros', signer, { forge: () => Buffer.alloc(256) }],
    ['of one', signer, { forge: () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])]) }],
    [
      'with a byte before it',
      signer,
      { forge: (m) => Buffer.concat([Buffer.alloc(1), sign('sha256', m, signer.pair.secret)]) },
    ],
    [
      'with a byte behind it',
      signer,
      { forge: (m) => Buffer.concat([sign('sha256', m, signer.pair.secret), Buffer.alloc(1)]) },
    ],
    ['of ECDSA with r and s of nought', ecSigner, { forge: () => sequence(integer(0), integer(0)) }],
    ['of ECDSA with r of one and s of nought', ecSigner, { forge: () => sequence(integer(1), integer(0)) }],
    [
      'of ECDSA with bytes behind',
      ecSigner,
      { forge: (m) => Buffer.concat([sign('sha256', m, ecSigner.pair.secret), NULL]) },
    ],
    [
      'of ECDSA with a third number',
      ecSigner,
      { forge: (m) => sequence(sign('sha256', m, ecSigner.pair.secret).subarray(2), integer(1)) },
    ],
    [
      'with an attribute that comes twice',
      signer,
      { attributes: [attribute('1.2.840.113549.1.9.4', octetString(Buffer.alloc(32)))] },
    ],
  ])('%s is not verified', async (_what, by, options) => {
    expect(await ask(by, options)).toBe(1);
  });

  test('a chain of a thousand certificates is bounded', async () => {
    // The comment of a zip holds no more than 64 KiB.
    const length = name.includes('zip') ? 80 : 1000;
    expect(await ask(signer, { chain: Array.from({ length }, () => authority) })).not.toBe(0);
  });

  test('a chain longer than any is not followed, and a ring ends', async () => {
    let by = certificate('step', rsa, { authority: true });
    const chain: Issued[] = [];
    for (let depth = 0; depth < 24; depth++) {
      by = certificate(`step ${depth}`, rsa, {
        by: depth === 0 ? authority : by,
        authority: true,
        serial: 100 + depth,
      });
      chain.push(by);
    }
    const leaf = certificate('leaf', ecPair(), { by, serial: 300 });
    expect(await ask(leaf, { chain })).toBe(1);
    const ring = certificate('ring', rsa, { by: { ...authority, name: 'ring' }, authority: true });
    expect(await ask(certificate('in the ring', ecPair(), { by: ring }), { chain: [ring, ring] })).toBe(1);
  });

  test.each<readonly [string, Issued]>([
    [
      'by one that is no authority',
      certificate('leaf', ecPair(), { by: certificate('signer', signer.pair, { by: authority }) }),
    ],
    ['that signs nothing', certificate('leaf', ecPair(), { by: authority, usage: 0x20 })],
    ['for servers', certificate('leaf', ecPair(), { by: authority, purposes: ['1.3.6.1.5.5.7.3.1'] })],
    ['that has expired', certificate('leaf', ecPair(), { by: authority, until: '2026-01-01' })],
    ['that is not valid yet', certificate('leaf', ecPair(), { by: authority, from: '2050-01-01' })],
    ['that was signed over SHA-1', certificate('leaf', ecPair(), { by: authority, hash: 'sha1' })],
  ])('a certificate %s is not taken', async (_what, by) => {
    expect(await ask(by, { chain: [signer] })).toBe(1);
  });
});

/** A cube root of a block that starts as RFC 8017 wants it and ends in anything. */
function cubeRoot(message: Uint8Array, size: number): Buffer {
  const digest = createHash('sha256').update(message).digest();
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
  const head = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), info]);
  const wanted = BigInt(`0x${Buffer.concat([head, Buffer.alloc(size - head.length, 0xff)]).toString('hex')}`);
  let [low, high] = [0n, 1n << BigInt(Math.ceil((size * 8) / 3) + 1)];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= wanted) low = middle;
    else high = middle - 1n;
  }
  return Buffer.from(low.toString(16).padStart(size * 2, '0'), 'hex');
}

describe('RSA with e = 3 and bytes behind the digest', () => {
  const weak = rsaPair(2048, 3);
  const weakSigner = certificate('weak', weak, { by: authority, serial: 55 });
  test.each(OF_CMS)('CMS: %s', async (_name, ask) => {
    expect(await ask(weakSigner, {})).toBe(0);
    expect(await ask(weakSigner, { forge: (message) => cubeRoot(message, 256) })).toBe(1);
  });

  test('an A/B payload', async () => {
    const good = payloadFile(weak, { metadataSigned: false });
    expect((await judge(good, { keys: [weak.trusted] })).code).toBe(0);
    const real = sign('sha256', good.subarray(0, good.length - 265), weak.secret);
    const at = good.indexOf(real);
    const forged = Buffer.from(good);
    if (at !== -1) cubeRoot(good.subarray(0, good.length - 265), 256).copy(forged, at);
    else cubeRoot(good, 256).copy(forged, good.length - 261);
    expect((await judge(forged, { keys: [weak.trusted] })).code).toBe(1);
  });
});

/** Puts other bytes in place of the signature that an artefact holds. */
function replaced(bytes: Buffer, at: number, other: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  Buffer.from(other).copy(copy, at);
  return copy;
}

const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const zeros = Buffer.alloc(32);
const one = Buffer.concat([Buffer.alloc(31), Buffer.from([1])]);

describe('ECDSA with r or s out of range', () => {
  const ec = ecPair();
  const RAW: readonly (readonly [string, Buffer, Buffer])[] = [
    ['r and s of nought', zeros, zeros],
    ['s of nought', one, zeros],
    ['r of nought', zeros, one],
    ['r of the order', ORDER, one],
    ['s of the order', one, ORDER],
    ['both beyond it', Buffer.alloc(32, 0xff), Buffer.alloc(32, 0xff)],
  ];
  const gecko = geckoFile(ec);
  const esp = espImage(ec);
  test.each(RAW)('%s', async (_what, r, s) => {
    const trusted = { keys: [ec.trusted] };
    // The tag of the signature lies before that of the end, which has 12 bytes.
    expect((await judge(replaced(gecko, gecko.length - 12 - 64, Buffer.concat([r, s])), trusted)).code).toBe(1);
    expect((await judge(replaced(esp, esp.length - 64, Buffer.concat([r, s])), trusted)).code).toBe(1);
    const nordic = nordicPackage(ec, { signature: Buffer.concat([r, s]) });
    expect((await judge(nordic, trusted)).code).toBe(1);
    const signature = sequence(integer(new Uint8Array(r)), integer(new Uint8Array(s)));
    expect((await judge(file, { ...trusted, companions: { '.sig': signature } })).code).toBe(1);
    expect((await judge(mcubootImage(ec, { signature }), trusted)).code).toBe(1);
  });

  test('Mijia takes neither r and s of nought nor bytes in their place', async () => {
    const root = await party('root');
    const maker = await party('signer', root);
    const image = await miOtaImage(root, maker);
    const at = image.lastIndexOf('-----END CERTIFICATE-----\n') + 26;
    for (const signature of [sequence(integer(0), integer(0)), sequence(integer(1), integer(0)), Buffer.alloc(8)])
      expect((await judge(replaced(image, at, signature), { keys: [root.trusted] })).code).not.toBe(0);
  });
});

describe('Ed25519', () => {
  const ed = edPair();
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const signature = sign(null, file, ed.secret);
  /** s + L: the same point, in a form that is not canonical. */
  const big = [...signature.subarray(32)].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + L;
  const more = Buffer.from(big.toString(16).padStart(64, '0'), 'hex').reverse();

  test.each<readonly [string, Buffer]>([
    ['s beyond the order', Buffer.concat([signature.subarray(0, 32), more])],
    ['R of the identity', Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])],
    ['zeros', Buffer.alloc(64)],
    ['a byte more', Buffer.concat([signature, Buffer.alloc(1)])],
  ])('with %s is no signature', async (_what, forged) => {
    expect((await judge(file, { keys: [ed.trusted], companions: { '.sig': forged } })).code).toBe(1);
    expect((await judge(mcubootImage(ed, { signature: forged }), { keys: [ed.trusted] })).code).toBe(1);
  });

  test.each(['00', '01', 'ec', 'ed', 'ee'])('a key of small order (%s…) verifies nothing', async (first) => {
    const last = first.startsWith('e') ? 0x7f : 0;
    const fill = first.startsWith('e') ? 0xff : 0;
    const raw = Buffer.alloc(32, fill);
    raw[0] = Number.parseInt(first, 16);
    raw[31] = last;
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const trusted: TrustedKey = { name: 'small', kind: 'spki', bytes: new Uint8Array(spki) };
    for (const r of [raw, Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])]) {
      const forged = Buffer.concat([r, Buffer.alloc(32)]);
      expect((await judge(file, { keys: [trusted], companions: { '.sig': forged } })).code).not.toBe(0);
      expect((await judge(mcubootImage(ed, { signature: forged }), { keys: [trusted] })).code).not.toBe(0);
    }
  });
});

test('a catalogue that states CMS over MD5 or SHA-1 verifies no file', async () => {
  for (const hash of ['md5', 'sha1']) {
    const blob = { ...cmsBlob(file, signer), Data: cms(file, signer, { hash }).toString('base64'), Flags: 0 };
    const cab = cabFile([
      { name: 'a.bin', bytes: file },
      { name: 'a.jcat', bytes: jcatFile({ 'a.bin': [blob] }) },
    ]);
    expect((await judge(cab, { keys })).code).toBe(1);
  }
});

test('a CMS whose parts are longer than it, or that nests without end, is refused and bounded', async () => {
  let nested: Buffer = octetString(Buffer.alloc(4));
  for (let depth = 0; depth < 3000; depth++) nested = der(0xa0, nested);
  const bombs = [nested, sequence(oid('1.2.840.113549.1.7.2'), der(0xa0, nested)), digestAlgorithm('sha256')];
  for (const bomb of bombs) {
    const { code, verdicts } = await judge(file, { keys, companions: { '.p7s': bomb } });
    expect(code).toBe(1);
    expect(verdicts[0]!.faults).toEqual([]);
  }
});
