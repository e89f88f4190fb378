/** Boot loaders as they lie in flash: what they embed is theirs, what lies behind long padding is not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { opened } from '../../support/unpacked.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-programs-'));
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
  expect(await regionsOf(loader, erased(0x2000), code(0x1000))).toEqual([
    'understood 0..3000',
    'padding 3000..5000',
    'unknown 5000..6000',
    'image/uboot 0..3000',
  ]);
});

test('a partition that is only formatted is an empty JFFS2', async () => {
  const block = Buffer.concat([Buffer.from('851903200c000000b1b01ee4', 'hex'), erased(0x8000 - 12)]);
  expect(await regionsOf(...Array.from({ length: 16 }, () => block))).toEqual([
    'understood 0..7800c',
    'padding 7800c..80000',
    'filesystem/jffs2 0..7800c',
  ]);
});
