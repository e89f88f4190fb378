/** Partitions as they lie in flash that was written for long: loaders and what they embed, older remains, obsolete nodes, environments. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { opened } from '../../support/unpacked.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-flash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function regionsOf(...parts: readonly Uint8Array[]): Promise<string[]> {
  const path = join(folder, 'flash.bin');
  writeFileSync(path, Buffer.concat(parts));
  return opened(path, ({ regions, containers }) => [
    ...regions.map(({ start, end, kind }) => `${kind} ${start.toString(16)}..${end.toString(16)}`),
    ...containers.map(({ format, start, end }) => `${format} ${start.toString(16)}..${end.toString(16)}`),
  ]);
}

/** Code that says nothing, and code that names itself. */
const code = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (((at * at * 31 + at) >> 3) & 0x7f) | 0x80));
const loader = code(0x3000);
loader.write('U-Boot 2018.03 (Mar 01 2018 - 10:00:00)', 0x1000);
const gif = Buffer.concat([
  Buffer.from('GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;', 'latin1'),
]);
const erased = (size: number): Buffer => Buffer.alloc(size, 0xff);

test('a picture in a boot loader does not end it', async () => {
  const end = (0x5000 + gif.length).toString(16);
  expect(await regionsOf(code(0x2000), gif, loader)).toEqual([
    `understood 0..${end}`,
    `image/uboot 0..${end}`,
    `image/media 2000..${(0x2000 + gif.length).toString(16)}`,
  ]);
});

test('what an older loader left behind erased flash is not understood', async () => {
  expect(await regionsOf(loader, erased(0x2000), code(0x1000), erased(0x1000))).toEqual([
    'understood 0..3000',
    'padding 3000..5000',
    'unknown 5000..6000',
    'padding 6000..7000',
    'image/uboot 0..3000',
  ]);
});

test('a payload is one program from its first byte to its last, whatever is blank in it', async () => {
  expect(await regionsOf(loader, erased(0x2000), code(0x1000))).toEqual(['understood 0..6000', 'image/uboot 0..6000']);
});

test('a partition that is only formatted is an empty JFFS2', async () => {
  const block = Buffer.concat([Buffer.from('851903200c000000b1b01ee4', 'hex'), erased(0x8000 - 12)]);
  expect(await regionsOf(...Array.from({ length: 16 }, () => block))).toEqual([
    'understood 0..7800c',
    'padding 7800c..80000',
    'filesystem/jffs2 0..7800c',
  ]);
});

test('a JFFS2 whose first nodes are obsolete begins with them', async () => {
  // The mark of an erased block and a node of data, both without the bit that says that they hold.
  const mark = Buffer.from('851903000c000000b1b01ee4', 'hex');
  const head = Buffer.from('851902e044000000', 'hex');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE((crc32(head, 0xffffffff) ^ 0xffffffff) >>> 0);
  head[3] = 0xc0;
  const log = Buffer.concat([mark, head, sum, Buffer.alloc(0x44 - 12, 1)]);
  expect(await regionsOf(log, erased(0x1000 - log.length))).toEqual([
    'understood 0..50',
    'padding 50..1000',
    'filesystem/jffs2 0..50',
  ]);
});

test.each([
  ['arm_freq=0x00112032', 0x1000],
  ['bootcmd=run boot', 0x1000],
  ['zz_vendor=7', 0],
] as const)('an environment that begins with %s', async (first, before) => {
  const variables = Buffer.alloc(0x2000 - 4);
  variables.write(`${first}\0console=ttyS0\0`);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(variables));
  const found = await regionsOf(erased(before), sum, variables);
  expect(found.at(-1)).toBe(`image/uboot-environment ${before.toString(16)}..${(before + 0x2000).toString(16)}`);
});

test('a copy of an environment whose count has gone up is one', async () => {
  const variables = Buffer.alloc(0x2000 - 5);
  variables.write('bootcmd=run boot\0console=ttyS0\0');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(variables));
  const found = await regionsOf(erased(0x1000), sum, Buffer.from([0x2a]), variables);
  expect(found.at(-1)).toBe('image/uboot-environment 1000..3000');
});

test.each([
  ['RSA', 2],
  ['ECDSA', 3],
])('an application of ESP32 ends with the sector of its signatures of %s', async (_, version) => {
  const application = readFileSync('fixtures/unpackers/image/esp32.bin');
  const sector = Buffer.alloc(4096, 0xff);
  sector.set([0xe7, version, 0, 0]);
  const end = (Math.ceil(application.length / 4096) * 4096 + 4096).toString(16);
  expect(await regionsOf(application, erased(-application.length & 4095), sector, erased(4096))).toContain(
    `image/esp 0..${end}`,
  );
});

test('a boot loader of ESP32 lies behind the digest of secure boot', async () => {
  const application = readFileSync('fixtures/unpackers/image/esp32.bin');
  const sector = Buffer.concat([Buffer.from(Array.from({ length: 192 }, (_, at) => at + 1)), erased(4096 - 192)]);
  expect(await regionsOf(sector, application)).toContain(`image/esp 0..${(4096 + application.length).toString(16)}`);
  expect(await regionsOf(erased(4096), application)).toContain(
    `image/esp 1000..${(4096 + application.length).toString(16)}`,
  );
});

test('an EROFS with features of later tools is located and told, not read', async () => {
  const image = readFileSync('fixtures/unpackers/filesystem/plain.erofs');
  image.writeUInt32LE(image.readUInt32LE(1024 + 80) | 0x100, 1024 + 80);
  const path = join(folder, 'later.bin');
  writeFileSync(path, image);
  await opened(path, ({ containers, gaps, coverage }) => {
    expect(containers.map(({ format, opened: read }) => `${format} ${read}`)).toEqual(['filesystem/erofs false']);
    expect(gaps[0]?.fault).toMatchObject({ kind: 'unsupported' });
    expect(coverage.understood).toBe(0);
  });
});
