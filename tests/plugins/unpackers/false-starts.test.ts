/** Magics that are met by chance: bytes that look like a header and are none must not be claimed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { opened } from '../../support/unpacked.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-false-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const formatsIn = (bytes: Uint8Array): Promise<string[]> => {
  const path = join(folder, 'fw.bin');
  writeFileSync(path, bytes);
  return opened(path, ({ containers }) => containers.map(({ format }) => format));
};

test.each(['minix-1', 'minix-2-big', 'minix-3'])('%s without its root directory is no file system', async (name) => {
  const image = gunzipSync(readFileSync(`fixtures/unpackers/vendor/${name}.img.gz`));
  expect(await formatsIn(image)).toEqual(['filesystem/minix']);
  expect(
    await formatsIn(Buffer.concat([image.subarray(0, 4096), Buffer.alloc(64, 0x5a), image.subarray(4160)])),
  ).toEqual([]);
  expect(
    await formatsIn(Buffer.concat([image.subarray(0, 8192), Buffer.alloc(64, 0x5a), image.subarray(8256)])),
  ).toEqual([]);
});

test('a header of RT-Thread whose sum is wrong is none', async () => {
  const image = Buffer.from(readFileSync('fixtures/unpackers/vendor/app.rbl'));
  image[92] = (image[92] ?? 0) ^ 1;
  expect(await formatsIn(image)).toEqual(['archive/tar']);
});

test('a sum of eight bits alone makes no NVRAM', async () => {
  // Some 16 of so many would have it right by chance.
  const stray = Array.from({ length: 4096 }, (_, at) => {
    const head = Buffer.from('FLSH\x40\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0', 'latin1');
    head[8] = at & 0xff;
    return Buffer.concat([head, Buffer.alloc(44, `${at}=x\0\0code of ${at}`)]);
  });
  expect(await formatsIn(Buffer.concat(stray))).toEqual([]);
});

test('NVRAM whose sum is wrong, or whose size is beyond its flash, is none', async () => {
  const image = readFileSync('fixtures/unpackers/router/nvram.bin');
  expect(await formatsIn(image)).toEqual(['image/broadcom-nvram']);
  for (const at of [0x2004, 0x2007, 0x2008, 0x2009, 0x2020]) {
    const broken = Buffer.from(image);
    broken[at] = (broken[at] ?? 0) ^ 0x40;
    expect(await formatsIn(broken)).toEqual([]);
  }
});

test('a littlefs whose only commit does not add up is told, and nothing of it is believed', async () => {
  const image = Buffer.from(readFileSync('fixtures/unpackers/vendor/littlefs.bin'));
  image[40] = (image[40] ?? 0) ^ 1;
  const path = join(folder, 'fw.bin');
  writeFileSync(path, image);
  await opened(path, ({ tree, gaps }) => {
    expect([...tree.entries()].filter(({ type }) => type === 'file')).toEqual([]);
    expect(gaps.map(({ fault }) => fault.message)).toContain('neither block of the pair 0, 1 holds a whole commit');
  });
});

test('the magics that a boot loader compares with are no kernel and no partition table', async () => {
  // As compilers lay numbers out behind the code: the magic of zImage between others, and text of a check for GPT.
  const loader = Buffer.alloc(0x6000, 'code of a boot loader ');
  loader.write('U-Boot 2021.04-g1234567 (Apr 01 2021)', 0x4000);
  for (const [at, word] of [0xe59f3010, 0xe12fff1e, 0x016f2818, 0x00001000, 0x00800000, 0x4d524128].entries())
    loader.writeUInt32LE(word, 0x1000 + at * 4);
  loader.write('EFI PART', 0x2200);
  loader.write('ARM\x64', 0x2300, 'latin1');
  loader.set([0x55, 0xaa], 0x25fe);
  expect(await formatsIn(loader)).toEqual(['image/uboot']);
});
