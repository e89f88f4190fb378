/** Nordic packages, Matter files and Espressif images, made from their formats: good, bad, older, and what they cannot say. */
import { createHash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { vbmeta } from '../../support/avb.ts';
import { ecPair, edPair, espImage, filler, mcubootImage, type Pair, rsaPair } from '../../support/signers.ts';
import { flipped, judge } from '../../support/updates.ts';
import { zipOf } from '../../support/zip.ts';

const ec = ecPair();
const stranger = ecPair();
const sha = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const octets = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);

interface Nordic {
  readonly version?: number;
  readonly debug?: boolean;
  readonly firmware?: Uint8Array;
  readonly hash?: Uint8Array;
  /** Spoils the signed packet behind the signature. */
  readonly spoil?: (command: Buffer) => Buffer;
}

const bin = filler(2000);
function nordicPackage(pair: Pair | undefined, input: Nordic = {}): Buffer {
  const { version = 7, debug = false, firmware = bin, hash = sha(bin), spoil = (one: Buffer) => one } = input;
  const init = Buffer.concat([
    number(1, version),
    number(2, 52),
    number(7, bin.length),
    octets(8, Buffer.concat([number(1, 3), octets(2, Buffer.from(hash).reverse())])),
    ...(debug ? [number(9, 1)] : []),
  ]);
  const command = Buffer.concat([number(1, 1), octets(2, init)]);
  const raw = pair === undefined ? undefined : sign('sha256', command, { key: pair.secret, dsaEncoding: 'ieee-p1363' });
  const packet =
    raw === undefined
      ? octets(1, command)
      : octets(
          2,
          Buffer.concat([
            octets(1, spoil(command)),
            number(2, 0),
            octets(
              3,
              Buffer.concat([Buffer.from(raw.subarray(0, 32)).reverse(), Buffer.from(raw.subarray(32)).reverse()]),
            ),
          ]),
        );
  const manifest = { manifest: { application: { bin_file: 'app.bin', dat_file: 'app.dat' } } };
  return zipOf([
    { name: 'app.bin', content: firmware },
    { name: 'app.dat', content: packet },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}

describe('a Nordic package', () => {
  const keys = [ec.trusted];
  test('is verified by the key that signed it, with its version', async () => {
    const { code, word, verdicts } = await judge(nordicPackage(ec), { keys });
    expect(verdicts.map(({ format }) => format)).toEqual(['nordic-dfu']);
    expect(word).toBe('verified');
    expect(verdicts[0]!.rollback).toEqual({ protected: true, value: '7' });
    expect(code).toBe(0);
    expect((await judge(nordicPackage(ec))).code).toBe(3);
    expect((await judge(nordicPackage(stranger), { keys })).code).toBe(1);
    expect(await judge(nordicPackage(undefined), { keys })).toMatchObject({ code: 1, word: 'unsigned' });
  });

  test.each<readonly [string, Nordic]>([
    ['other firmware', { firmware: filler(1999) }],
    ['a hash of other firmware', { firmware: filler(1999), hash: sha(filler(1998)) }],
    ['a changed init packet', { spoil: (command) => Buffer.from(flipped(command, command.length - 20, 1)) }],
    ['an older version put in', { spoil: (command) => Buffer.from(flipped(command, 5, 6)) }],
  ])('with %s is not verified', async (_what, input) => {
    expect((await judge(nordicPackage(ec, input), { keys })).code).toBe(1);
  });

  test('with the debug flag protects no version, and is not verified when cut off', async () => {
    const { verdicts } = await judge(nordicPackage(ec, { debug: true }), { keys });
    expect(verdicts[0]!.rollback).toMatchObject({ protected: false });
    const bytes = nordicPackage(ec);
    for (const end of [100, bytes.length - 30, bytes.length - 1])
      expect((await judge(bytes.subarray(0, end), { keys })).code).not.toBe(0);
  });

  test('an older one is signed as well: its version is what tells', async () => {
    const [older, newer] = await Promise.all([3, 7].map((version) => judge(nordicPackage(ec, { version }), { keys })));
    expect([older!.code, newer!.code]).toEqual([0, 0]);
    expect([older, newer].map((one) => one!.verdicts[0]!.version)).toEqual(['3', '7']);
  });
});

function matterFile(payload: Uint8Array, digest: Uint8Array): Buffer {
  const tag = (type: number, id: number, value: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([0x20 | type, id]), value]);
  const u = (value: number, width: number): Buffer => {
    const bytes = Buffer.alloc(width);
    bytes.writeUIntLE(value, 0, Math.min(width, 6));
    return bytes;
  };
  const fields = Buffer.concat([
    Buffer.from([0x15]),
    tag(5, 0, u(0xfff1, 2)),
    tag(5, 1, u(0x8001, 2)),
    tag(6, 2, u(9, 4)),
    tag(0x0c, 3, Buffer.concat([Buffer.from([3]), Buffer.from('9.0')])),
    tag(7, 4, u(payload.length, 8)),
    tag(4, 8, u(1, 1)),
    tag(0x10, 9, Buffer.concat([Buffer.from([digest.length]), digest])),
    Buffer.from([0x18]),
  ]);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(0x1beef11e, 0);
  head.writeBigUInt64LE(BigInt(16 + fields.length + payload.length), 4);
  head.writeUInt32LE(fields.length, 12);
  return Buffer.concat([head, fields, payload]);
}

describe('a Matter file', () => {
  const payload = filler(900);
  test('is unsigned, and its digest is integrity', async () => {
    const { code, word, verdicts } = await judge(matterFile(payload, sha(payload)));
    expect(word).toBe('unsigned');
    expect(verdicts[0]).toMatchObject({ format: 'matter-ota', version: '9.0' });
    expect(verdicts[0]!.integrity).toEqual([{ algorithm: 'SHA256', over: 'payload', holds: true }]);
    expect(code).toBe(1);
  });
  test.each([
    ['a changed payload', matterFile(flipped(payload, 10), sha(payload))],
    ['a changed digest', matterFile(payload, flipped(sha(payload), 1))],
  ])('%s does not hold', async (_what, bytes) => {
    expect((await judge(bytes)).verdicts[0]!.integrity).toMatchObject([{ holds: false }]);
  });
  test('cut off is told', async () => {
    const { verdicts } = await judge(matterFile(payload, sha(payload)).subarray(0, -1));
    expect(verdicts[0]!.faults).toMatchObject([{ kind: 'truncated' }]);
  });
});

describe('counters against rollback', () => {
  test('protect only where they are signed', async () => {
    const unsigned = await judge(vbmeta([], { index: 4n }));
    expect(unsigned.verdicts[0]!.rollback).toEqual({ protected: false, value: '4' });
    const main = rsaPair();
    const signed = await judge(vbmeta([], { index: 4n, pair: main }), { keys: [main.trusted] });
    expect(signed.verdicts[0]!.rollback).toEqual({ protected: true, value: '4' });
  });
  test('of MCUboot tell an older image from a newer one, both signed', async () => {
    const ed = edPair();
    const values = await Promise.all(
      [2, 9].map(async (counter) => (await judge(mcubootImage(ed, { counter }), { keys: [ed.trusted] })).verdicts[0]!),
    );
    expect(values.map(({ rollback }) => rollback)).toEqual([
      { protected: true, value: '2' },
      { protected: true, value: '9' },
    ]);
  });
  test('of Espressif are read from the application, and say nothing in an unsigned image', async () => {
    const described = (pair: Pair, counter: number): Buffer => espImage(pair, { counter, version: '1.4' });
    const good = await judge(described(ec, 5), { keys: [ec.trusted] });
    expect(good.verdicts[0]).toMatchObject({ version: '1.4', rollback: { protected: true, value: '5' } });
    expect(good.code).toBe(0);
    const bare = described(ec, 5).subarray(0, -68);
    expect((await judge(bare)).verdicts[0]).toMatchObject({
      format: 'esp',
      rollback: { protected: false, value: '5' },
    });
    expect((await judge(described(ec, 0), { keys: [ec.trusted] })).verdicts[0]!.rollback).toEqual({
      protected: false,
      value: '0',
    });
  });
});
