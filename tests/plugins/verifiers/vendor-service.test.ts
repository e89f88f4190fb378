/** Cabinets and catalogues of the Linux vendor firmware service, and UEFI capsules: by whom, how much, and what is spoiled. */
import { describe, expect, test } from 'vitest';
import { ecPair, edPair, filler, rsaPair } from '../../support/signers.ts';
import { cabFile, cmsBlob, edBlob, jcatFile, METAINFO, sumBlob, targetBlob } from '../../support/signers-cab.ts';
import { capsuleFile } from '../../support/signers-capsule.ts';
import { certificate } from '../../support/signers-cms.ts';
import { flipped, judge } from '../../support/updates.ts';

const authority = certificate('authority', rsaPair(), { authority: true });
const signer = certificate('signer', ecPair(), { by: authority });
const stranger = certificate('stranger', rsaPair(), { authority: true });
const keys = [authority.trusted];
const image = filler(70_000);
const members = [
  { name: 'firmware.bin', bytes: image },
  { name: 'firmware.metainfo.xml', bytes: METAINFO },
];
type Items = Parameters<typeof jcatFile>[0];
const good: Items = {
  'firmware.bin': [sumBlob(image, 4), sumBlob(image), cmsBlob(image, signer)],
  'firmware.metainfo.xml': [cmsBlob(METAINFO, signer)],
};
const cab = (items: Items, packed = false, more: typeof members = []): Buffer =>
  cabFile([...members, { name: 'firmware.jcat', bytes: jcatFile(items) }, ...more], packed);

describe.each([
  ['stored', false],
  ['packed in MSZIP', true],
])('a cabinet that is %s', (_form, packed) => {
  test('is verified file by file, unknown without a key, and another with a stranger’s', async () => {
    const { code, verdicts, word } = await judge(cab(good, packed), { keys });
    expect(word).toBe('verified');
    expect(verdicts[0]).toMatchObject({ format: 'fwupd-cab', version: '1.2.4', uncovered: [], updateByNature: true });
    expect(verdicts[0]!.integrity.every(({ holds }) => holds)).toBe(true);
    expect(code).toBe(0);
    expect((await judge(cab(good, packed))).code).toBe(3);
    expect((await judge(cab(good, packed), { keys: [stranger.trusted] })).code).toBe(1);
  });

  test('with a file that the catalogue does not name is covered in part', async () => {
    const more = [{ name: 'extra.bin', bytes: filler(500) }];
    const { code, verdicts } = await judge(cab(good, packed, more), { keys });
    expect(verdicts[0]!.uncovered.some(({ what }) => what.includes('extra.bin'))).toBe(true);
    expect(code).toBe(1);
  });

  test('is covered in part with an empty file that nothing signs, and with data that no file owns', async () => {
    const empty = await judge(cab(good, packed, [{ name: 'rmware.bin', bytes: Buffer.alloc(0) }]), { keys });
    expect(empty.verdicts[0]!.uncovered).toMatchObject([{ what: 'rmware.bin' }]);
    expect(empty.code).toBe(1);
    // The list of files read two bytes later begins with such a file, and the firmware is of none.
    const bytes = Buffer.from(cab(good, packed));
    bytes.writeUInt32LE(46, 16);
    const shifted = await judge(bytes, { keys });
    const what = shifted.verdicts[0]!.uncovered.map((range) => range.what);
    expect(what).toEqual(expect.arrayContaining(['rmware.bin', 'data of no file']));
    expect(shifted.code).toBe(1);
  });

  test('is not verified with a changed byte of a file, cut off, or longer', async () => {
    const bytes = cab(good, packed);
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    for (const { start, end } of covered)
      for (let at = start; at < end; at += 1 + Math.floor((end - start) / 12))
        expect((await judge(flipped(bytes, at), { keys })).code, `byte ${at}`).not.toBe(0);
    expect((await judge(bytes.subarray(0, -1), { keys })).code).toBe(1);
    expect((await judge(Buffer.concat([bytes, Buffer.alloc(1)]), { keys })).code).toBe(1);
  });
});

test.each<readonly [string, Items, number]>([
  ['one file signed by a stranger', { ...good, 'firmware.bin': [cmsBlob(image, stranger)] }, 1],
  ['checksums alone', { 'firmware.bin': [sumBlob(image)], 'firmware.metainfo.xml': [sumBlob(METAINFO)] }, 1],
  [
    'a checksum of another file beside a good signature',
    { ...good, 'firmware.bin': [sumBlob(METAINFO), cmsBlob(image, signer)] },
    1,
  ],
  ['a signature over the SHA-256', { ...good, 'firmware.bin': [sumBlob(image), targetBlob(image, signer)] }, 0],
  ['a signature over the SHA-1', { ...good, 'firmware.bin': [sumBlob(image, 4), targetBlob(image, signer, 4)] }, 1],
  ['a signature over a checksum that is not there', { ...good, 'firmware.bin': [targetBlob(image, signer)] }, 1],
  [
    'a signature over the checksum of another file',
    { ...good, 'firmware.bin': [sumBlob(METAINFO), targetBlob(METAINFO, signer)] },
    1,
  ],
])('a catalogue with %s', async (_what, items, code) => {
  expect((await judge(cab(items), { keys })).code).toBe(code);
});

test('an Ed25519 signature of a catalogue is verified by its plain key', async () => {
  const pair = edPair();
  const items = { 'firmware.bin': [edBlob(image, pair)], 'firmware.metainfo.xml': [edBlob(METAINFO, pair)] };
  expect((await judge(cab(items), { keys: [pair.trusted] })).code).toBe(0);
  expect((await judge(cab(items), { keys: [edPair().trusted] })).code).toBe(1);
});

test('a name that comes twice, and a file that reaches out of its folder, are malformed', async () => {
  const twice = cabFile([...members, { name: 'firmware.bin', bytes: filler(9) }]);
  expect((await judge(twice, { keys })).verdicts[0]!.faults).toMatchObject([{ kind: 'malformed' }]);
  const long = cab(good);
  long.writeUInt32LE(0xfffffff0, 44);
  expect((await judge(long, { keys })).verdicts[0]!.faults).toMatchObject([{ kind: 'malformed' }]);
});

test('a catalogue beside a file speaks for it by its name only', async () => {
  const companions = { '.jcat': jcatFile(good) };
  expect((await judge(image, { keys, name: 'firmware.bin', companions })).code).toBe(0);
  expect((await judge(image, { keys, name: 'other.bin', companions })).code).toBe(1);
  expect((await judge(flipped(image, 9), { keys, name: 'firmware.bin', companions })).code).toBe(1);
});

describe('a capsule', () => {
  test.each([1, 2, 3] as const)(
    'of version %i is verified with its count, version and lowest version',
    async (version) => {
      const { code, verdicts, word } = await judge(capsuleFile(signer, { version }), { keys });
      expect(word).toBe('verified');
      expect(verdicts[0]).toMatchObject({
        format: 'uefi-capsule',
        version: '5',
        rollback: { protected: true, value: '2' },
        hardware: ['33221100-5544-7766-8899-aabbccddeeff'],
        uncovered: [],
      });
      expect(code).toBe(0);
    },
  );

  test('is unsigned, unknown, another’s, cut off, longer, or broken', async () => {
    expect(await judge(capsuleFile(undefined), { keys })).toMatchObject({ word: 'unsigned', code: 1 });
    const bytes = capsuleFile(signer);
    expect((await judge(bytes)).code).toBe(3);
    expect(await judge(bytes, { keys: [stranger.trusted] })).toMatchObject({ word: 'wrong-key', code: 1 });
    expect((await judge(bytes.subarray(0, -1), { keys })).code).toBe(1);
    expect((await judge(Buffer.concat([bytes, Buffer.alloc(8)]), { keys })).code).toBe(1);
    const spoiled = capsuleFile(signer, { spoil: (image) => Buffer.from(flipped(image, 100)) });
    expect(await judge(spoiled, { keys })).toMatchObject({ word: 'broken', code: 1 });
  });

  test('is not verified with another monotonic count, which is signed', async () => {
    const bytes = capsuleFile(signer);
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    const count = covered.find(({ start, end }) => end - start === 8);
    expect(count).toBeDefined();
    expect((await judge(flipped(bytes, count!.start, 1), { keys })).code).toBe(1);
  });

  test('with vendor code has payload that nothing covers', async () => {
    const { code, verdicts } = await judge(capsuleFile(signer, { vendor: Buffer.from('code') }), { keys });
    expect(verdicts[0]!.uncovered).toMatchObject([{ what: 'vendor code' }]);
    expect(code).toBe(1);
  });
});
