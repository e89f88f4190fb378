/** Android packages made by apksigner, and what an attacker makes of them: stripped schemes, two archives in one, bytes in front. */
import { describe, expect, test } from 'vitest';
import { strictZip } from '../../../src/codecs/formats/zip-strict.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { artefact, flipped, judge, keyOf } from '../../support/updates.ts';

const APP = keyOf('apk/app.pem');
const NEXT = keyOf('apk/next.pem');
const package_ = (name: string): Buffer => Buffer.from(artefact(`apk/${name}.apk`));
const GOOD = [
  ['v1', APP],
  ['v2', APP],
  ['v3', APP],
  ['all', APP],
  ['ec', keyOf('apk/ec.pem')],
  ['rotated', APP],
  ['rotated', NEXT],
] as const;

describe.each(GOOD)('%s', (name, keys) => {
  const bytes = package_(name);

  test('is verified wholly by its key, unknown without one, and foreign to another', async () => {
    const { code, verdicts, word } = await judge(bytes, { keys });
    expect({ code, word, uncovered: verdicts[0]!.uncovered }).toEqual({ code: 0, word: 'verified', uncovered: [] });
    expect((await judge(bytes)).code).toBe(3);
    expect((await judge(bytes, { keys: keyOf('other.pem') })).code).toBe(1);
  });

  test('is never verified after a byte in what is covered was changed', async () => {
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    for (const { start, end } of covered)
      for (let at = start; at < end; at += Math.max(1, Math.floor((end - start) / 60)))
        expect((await judge(flipped(bytes, at), { keys, name: 'app.apk' })).code, `byte ${at}`).not.toBe(0);
  });
});

test('members bound by SHA-1 are refused, and no signature is none', async () => {
  expect(await judge(package_('sha1'), { keys: APP })).toMatchObject({ code: 1, word: 'refused' });
  expect(await judge(package_('unsigned'), { keys: APP })).toMatchObject({ code: 1, word: 'unsigned' });
});

test('a key that was rotated is told, with the keys before it', async () => {
  const { verdicts } = await judge(package_('rotated'), { keys: APP });
  expect(verdicts[0]!.signatures.map(({ message }) => message)).toContain(
    'scheme 3: verifies through a rotation from fixtures/updates/apk/app.pem',
  );
  expect(verdicts[0]!.notes.some((note) => note.startsWith('the key was rotated 1 times'))).toBe(true);
});

/** Without the block of signatures; the end states the new place of the directory. */
function withoutBlock(bytes: Buffer): Buffer {
  const { directory, end } = strictZip(memoryBlob(bytes));
  const size = Number(bytes.readBigUInt64LE(directory.start - 24)) + 8;
  const copy = Buffer.concat([bytes.subarray(0, directory.start - size), bytes.subarray(directory.start)]);
  copy.writeUInt32LE(directory.start - size, end.start - size + 16);
  return copy;
}

test('stripping the schemes that cover the whole archive is told by what the JAR signature states', async () => {
  const { code, verdicts, word } = await judge(withoutBlock(package_('all')), { keys: APP });
  expect(word).toBe('broken');
  expect(verdicts[0]!.broken).toEqual([
    'it was signed by scheme 2 too, and that signature was taken away',
    'it was signed by scheme 3 too, and that signature was taken away',
  ]);
  expect(code).toBe(1);
});

test('stripping scheme 3 alone is told by what scheme 2 signed', async () => {
  const bytes = package_('all');
  const id = bytes.indexOf(Buffer.from([0xc0, 0x68, 0x53, 0xf0]));
  expect(id).toBeGreaterThan(0);
  bytes.writeUInt32LE(0x42726577, id);
  const { code, verdicts } = await judge(bytes, { keys: APP });
  expect(verdicts[0]!.broken).toEqual(['it was signed by scheme 3 too, and that signature was taken away']);
  expect(code).toBe(1);
});

test('a JAR signature alone leaves bytes in front of the members without cover', async () => {
  const bytes = package_('v1');
  const { directory, end } = strictZip(memoryBlob(bytes));
  const front = Buffer.alloc(64, 0x64);
  const copy = Buffer.concat([front, bytes]);
  for (let at = directory.start + 64; at < end.start + 64; ) {
    copy.writeUInt32LE(copy.readUInt32LE(at + 42) + 64, at + 42);
    at += 46 + copy.readUInt16LE(at + 28) + copy.readUInt16LE(at + 30) + copy.readUInt16LE(at + 32);
  }
  copy.writeUInt32LE(directory.start + 64, end.start + 64 + 16);
  copy.write('PK', 0);
  const { code, verdicts } = await judge(copy, { keys: APP });
  expect(verdicts[0]!.uncovered).toEqual([{ start: 0, end: 64, what: 'bytes outside of all members' }]);
  expect(code).toBe(1);
});

describe('two archives in one', () => {
  const { directory, end, entries } = strictZip(memoryBlob(package_('v1')));
  const dex = entries.find(({ name }) => name === 'classes.dex')!;
  const CASES: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    [
      'another name in the local header',
      (bytes) => Buffer.from(bytes.fill('x', dex.head.start + 30, dex.head.start + 31)),
    ],
    [
      'another size in the local header',
      (bytes) => {
        bytes.writeUInt32LE(1, dex.head.start + 18);
        return bytes;
      },
    ],
    [
      'a name that comes twice',
      (bytes) => {
        const first = directory.start + bytes.subarray(directory.start).indexOf('classes.dex') - 46;
        const entry = bytes.subarray(first, first + 46 + 11 + bytes.readUInt16LE(first + 30));
        const copy = Buffer.concat([bytes.subarray(0, end.start), entry, bytes.subarray(end.start)]);
        const tail = end.start + entry.length;
        copy.writeUInt16LE(copy.readUInt16LE(tail + 10) + 1, tail + 10);
        copy.writeUInt32LE(copy.readUInt32LE(tail + 12) + entry.length, tail + 12);
        return copy;
      },
    ],
    [
      'a second end in the comment',
      (bytes) => {
        const copy = Buffer.concat([bytes, bytes.subarray(end.start)]);
        copy.writeUInt16LE(22, end.start + 20);
        return copy;
      },
    ],
    [
      'a name that leads out',
      (bytes) => {
        bytes.write('../xxes.dex', dex.head.start + 30);
        bytes.write('../xxes.dex', directory.start + bytes.subarray(directory.start).indexOf('classes.dex'));
        return bytes;
      },
    ],
  ];
  test.each(CASES)('%s is refused', async (_what, spoil) => {
    const { code, verdicts } = await judge(spoil(package_('v1')), { keys: APP, name: 'app.apk' });
    expect(verdicts.flatMap(({ faults }) => faults).map(({ kind }) => kind)).toContain('malformed');
    expect(code).toBe(1);
  });
});

describe('scheme 4, beside the package', () => {
  const idsig = artefact('apk/v4.apk.idsig');
  const ask = (companion: Uint8Array) =>
    judge(package_('v4'), { keys: APP, name: 'v4.apk', companions: { '.idsig': companion } });
  test('covers all of the package, the block of the other schemes too', async () => {
    const { code, verdicts } = await ask(idsig);
    expect(code).toBe(0);
    expect(verdicts[0]!.framing).toEqual([]);
  });
  test('a certificate in it that cannot be read is told, and nothing is verified', async () => {
    const { code, verdicts } = await ask(flipped(idsig, Buffer.from(idsig).indexOf(APP[0]!.bytes.subarray(0, 8)) + 1));
    expect(code).toBe(1);
    expect(verdicts[0]!.faults).toEqual([]);
    expect(verdicts[0]!.signatures.map(({ outcome }) => outcome)).toContain('broken');
  });
  test('of a version that assay does not know it leaves open what a device makes of it', async () => {
    expect((await ask(flipped(idsig, 0, 0x10))).code).toBe(3);
  });
});
