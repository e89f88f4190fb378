/** Android verified boot over several partitions: hash, hash tree and chain descriptors, held against files beside. */
import { describe, expect, test } from 'vitest';
import { chainTo, hashOf, hashTreeOf, vbmeta, withFooter } from '../../support/avb.ts';
import { filler, rsaPair } from '../../support/signers.ts';
import { flipped, judge } from '../../support/updates.ts';

const main = rsaPair();
const vendor = rsaPair();
const boot = filler(5000);
const system = filler(4096 * 300);
const modem = filler(3000);
const tree = hashTreeOf('system', system);
const chained = withFooter(modem, vbmeta([hashOf('modem', modem)], { pair: vendor, index: 5n }));
const descriptors = [hashOf('boot', boot), tree.descriptor, chainTo('modem', vendor, 2)];
const top = vbmeta(descriptors, { pair: main, index: 3n });
const siblings = { 'boot.img': boot, 'system.img': Buffer.concat([system, tree.tree]), 'modem.img': chained };
const keys = [main.trusted];

test('metadata is verified by its key, and each partition that lies beside is as signed', async () => {
  const { code, verdicts } = await judge(top, { keys, siblings, name: 'vbmeta.img' });
  expect(verdicts[0]!.broken).toEqual([]);
  expect(verdicts[0]!.notes).toEqual([
    'hash of boot: here and as signed',
    'hash tree of system: here and as signed',
    'chain of modem: here and as signed, rollback index 5 at 2',
  ]);
  expect(verdicts[0]!.rollback).toEqual({ protected: true, value: '3' });
  expect(code).toBe(0);
});

test('what is not given is said', async () => {
  const { code, verdicts } = await judge(top, { keys, siblings: { 'boot_a.img': boot }, name: 'vbmeta.img' });
  expect(verdicts[0]!.notes).toEqual([
    'hash of boot: here and as signed',
    'hash tree of system: not given',
    'chain of modem: not given',
  ]);
  expect(code).toBe(0);
});

const spoiled: readonly (readonly [string, { readonly [name: string]: Uint8Array }, RegExp])[] = [
  ['a byte of boot changed', { 'boot.img': flipped(boot, 77) }, /boot: the partition is not the one/],
  ['boot cut off', { 'boot.img': boot.subarray(1) }, /shorter/],
  ['a block of system changed', { 'system.img': flipped(siblings['system.img'], 4096 * 200 + 9) }, /whose hash tree/],
  [
    'a byte of the tree changed',
    { 'system.img': flipped(siblings['system.img'], system.length + 40) },
    /hash tree that is stored/,
  ],
  ['a byte of modem changed', { 'modem.img': flipped(chained, 100) }, /modem: the partition is not/],
  ['metadata of modem changed', { 'modem.img': flipped(chained, modem.length + 118, 1) }, /modem/],
  ['modem without metadata', { 'modem.img': modem }, /carries no metadata/],
  [
    'modem signed by another',
    { 'modem.img': withFooter(modem, vbmeta([hashOf('modem', modem)], { pair: main })) },
    /another key than the chain names/,
  ],
  ['modem not signed', { 'modem.img': withFooter(modem, vbmeta([hashOf('modem', modem)], {})) }, /another key/],
  ['modem whose metadata binds nothing', { 'modem.img': withFooter(modem, vbmeta([], { pair: vendor })) }, /not bound/],
  [
    'modem that chains on',
    { 'modem.img': withFooter(modem, vbmeta([hashOf('modem', modem), chainTo('x', main, 3)], { pair: vendor })) },
    /chain within a chain/,
  ],
];
test.each(spoiled)('%s', async (_what, files, why) => {
  const { code, verdicts } = await judge(top, { keys, siblings: { ...siblings, ...files }, name: 'vbmeta.img' });
  expect(verdicts[0]!.broken.join()).toMatch(why);
  expect(code).toBe(1);
});

test('a digest that the device keeps is not compared, and no partition is bound by it', async () => {
  const own = hashOf('boot', boot);
  own.writeUInt32BE(0, 16 + 48);
  const { verdicts } = await judge(vbmeta([own], { pair: main }), { keys, siblings, name: 'vbmeta.img' });
  expect(verdicts[0]!.notes).toEqual(['hash of boot: its digest is kept by the device, and was not compared']);
  const partition = withFooter(boot, vbmeta([own], { pair: main }));
  expect((await judge(partition, { keys })).code).toBe(1);
});

test.each([0, 32])('a chain whose rollback index lies at %i is broken', async (location) => {
  const bytes = vbmeta([chainTo('modem', vendor, location)], { pair: main });
  expect((await judge(bytes, { keys, siblings, name: 'vbmeta.img' })).word).toBe('broken');
});

test.each([
  [1, ['a flag switches hash trees off']],
  [2, ['a flag switches verification off']],
  [3, ['a flag switches hash trees off', 'a flag switches verification off']],
])('flags %i are told although they are signed', async (flags, why) => {
  const { code, verdicts } = await judge(vbmeta(descriptors, { pair: main, flags }), { keys });
  expect(verdicts[0]!.broken).toEqual(why);
  expect(code).toBe(1);
});

test('metadata without an algorithm is unsigned', async () => {
  expect(await judge(vbmeta(descriptors, {}), { keys })).toMatchObject({ code: 1, word: 'unsigned' });
});

test('a rollback index of 0 protects nothing', async () => {
  const { verdicts } = await judge(vbmeta(descriptors, { pair: main }), { keys });
  expect(verdicts[0]!.rollback).toEqual({ protected: false, value: '0' });
});

describe('a partition with a hash tree and a footer', () => {
  const small = filler(4096 * 3);
  const own = hashTreeOf('system', small);
  const bytes = withFooter(small, vbmeta([own.descriptor], { pair: main, index: 1n }), own.tree);

  test('is verified wholly, tree included', async () => {
    const { code, verdicts } = await judge(bytes, { keys });
    expect(verdicts[0]!.uncovered).toEqual([]);
    expect(code).toBe(0);
    expect(await judge(bytes, { keys: [vendor.trusted] })).toMatchObject({ code: 1, word: 'wrong-key' });
  });

  test('is not verified with a covered byte changed, or cut off', async () => {
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    for (const { start, end } of covered)
      for (let at = start; at < end; at += 97)
        expect((await judge(flipped(bytes, at, 1), { keys })).code, `byte ${at}`).not.toBe(0);
    expect((await judge(bytes.subarray(0, -1), { keys })).code).not.toBe(0);
  });

  test('metadata of another image is no cover', async () => {
    const other = withFooter(small, vbmeta([hashOf('boot', boot)], { pair: main }));
    expect((await judge(other, { keys })).code).toBe(1);
  });
});
