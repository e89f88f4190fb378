import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { FileEntry, FileTree } from '../../../../src/core/model/files.ts';
import { bootEnvironment } from '../../../../src/facts/index.ts';
import { memoryBlob } from '../../../../src/lib/blob.ts';
import { bootLoaders } from '../../../../src/plugins/analyzers/boot/loader.ts';
import { analyze } from '../../../support/analyze.ts';
import { analyze as analyzeTree, treeOf } from '../../../support/tree.ts';

const loader = (environment: string) =>
  Buffer.concat([
    Buffer.alloc(600),
    Buffer.from('U-Boot 2014.07 (Jan 1 2015)\0\0'),
    Buffer.from(environment),
    Buffer.alloc(600),
  ]);

test('the built-in environment of U-Boot is found around its bootdelay', async () => {
  const { of } = await analyze([bootLoaders], {
    '/boot/u-boot.bin': loader(
      'bootargs=console=ttyS0,115200 rw init=/bin/sh\0bootcmd=tftp 0x80000000 a; bootm\0bootdelay=3\0wifi_psk=hunter22\0\0',
    ),
  });
  expect(of('boot.loader')).toEqual([expect.objectContaining({ name: 'u-boot', version: '2014.07' })]);
  expect(of('boot.environment')).toEqual([
    expect.objectContaining({
      bootdelay: 3,
      interruptible: 'yes',
      otherBoot: ['tftp'],
      secrets: ['wifi_psk'],
      source: 'built-in',
    }),
  ]);
  expect(of('kernel.command-line')).toEqual([
    expect.objectContaining({ consoles: ['ttyS0,115200'], readOnlyRoot: 'no', weakens: ['init=/bin/sh'] }),
  ]);
});

test('a delay of -2 can not be interrupted, 0 can', async () => {
  const interruptible = async (delay: string) =>
    (await analyze([bootLoaders], { '/boot/u-boot.bin': loader(`bootcmd=bootm\0bootdelay=${delay}\0\0`) })).of(
      'boot.environment',
    )[0]?.['interruptible'];
  expect([await interruptible('-2'), await interruptible('0')]).toEqual(['no', 'yes']);
});

test('a file that only names U-Boot is no loader', async () => {
  expect((await analyze([bootLoaders], { '/boot/u-boot.txt': 'U-Boot is fine' })).facts).toEqual([]);
});

/** As `mkenvimage -r` and `fw_setenv` lay it out. */
function stored(flag: number | undefined, text: string): Buffer {
  const data = Buffer.alloc(0x1000 - (flag === undefined ? 4 : 5));
  data.write(text, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(data));
  return Buffer.concat([sum, ...(flag === undefined ? [] : [Buffer.from([flag])]), data]);
}
const environmentsOf = async (...copies: readonly Buffer[]) => {
  const entries = new Map(copies.map((bytes, at) => [`/flash!uboot-environment@${at}`, bytes]));
  const tree = treeOf(Object.fromEntries(entries));
  const paths = new Map([...tree.entries()].map((entry, at) => [entry.path, `fw.bin!uboot-environment@0x${at}000`]));
  const moved = {
    ...tree,
    entries: () =>
      [...tree.entries()].map((entry) => ({ ...entry, path: paths.get(entry.path) ?? '', root: undefined })),
    content: ({ name }: FileEntry) => memoryBlob(entries.get(name) ?? new Uint8Array(0)),
  } as unknown as FileTree;
  return (await analyzeTree([bootLoaders], moved)).of(bootEnvironment).map(({ bootdelay, copy }) => [bootdelay, copy]);
};

test.each([
  ['a count that is higher', 3, 4, 5],
  ['the first of the same count', 7, 7, 2],
  ['a count that began again', 255, 0, 5],
  ['the other way round', 0, 255, 2],
  ['a count that looks like a letter', 0x62, 0x61, 2],
])('of two copies the one in force is told: %s', async (_what, first, second, delay) => {
  const pair = [stored(first, 'bootdelay=2\0bootcmd=x\0'), stored(second, 'bootdelay=5\0bootcmd=x\0')];
  expect(await environmentsOf(...pair)).toEqual([[delay, 'active']]);
});

test('one without a copy is told as that, and of more than two none is known to be in force', async () => {
  expect(await environmentsOf(stored(undefined, 'bootdelay=2\0bootcmd=x\0'))).toEqual([[2, 'single']]);
  expect(await environmentsOf(stored(9, 'bootdelay=2\0bootcmd=x\0'))).toEqual([[2, 'active']]);
  const three = [1, 2, 3].map((flag) => stored(flag, 'bootdelay=2\0bootcmd=x\0'));
  expect((await environmentsOf(...three)).map(([, copy]) => copy)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a loader that keeps its delay elsewhere is read by its bootcmd amid other variables', async () => {
  const run = async (environment: string) =>
    (await analyze([bootLoaders], { '/boot/u-boot.bin': loader(environment) })).of('boot.environment');
  expect(await run('baudrate=115200\0bootcmd=tftp a; bootm\0ipaddr=192.168.1.1\0\0')).toEqual([
    expect.objectContaining({ interruptible: 'unknown', otherBoot: ['tftp'] }),
  ]);
  expect(await run('\0bootcmd=%s is not set\0\0')).toEqual([]);
});

test.each([
  ['bootcmd=run distro_bootcmd\0boot_targets=mmc0 usb0 pxe\0', ['usb', 'pxe'], 'unknown'],
  ['bootcmd=mmc dev 0; mmc read x 0 9; bootm\0', [], 'unknown'],
  ['bootcmd=run a\0a=run b\0b=run c\0c=tftpboot x\0', ['tftpboot'], 'no'],
  ['bootcmd=run own net\0own=nand read x\0net=dhcp\0', ['dhcp'], 'no'],
  ['bootcmd=nand read x; bootm\0', [], 'no'],
])('%j looks at other places than the flash: %j, at a card: %s', async (variables, expected, card) => {
  const { of } = await analyze([bootLoaders], { '/boot/u-boot.bin': loader(`${variables}bootdelay=0\0\0`) });
  expect(of('boot.environment')[0]).toMatchObject({ otherBoot: expected, card });
});

test.each([
  ['bootargs=console=ttyS0 init=/bin/busybox\0', ['init=/bin/busybox']],
  ['bootargs=ro emergency systemd.debug-shell rd.break\0', ['emergency', 'systemd.debug-shell', 'rd.break']],
  ['mode=init=/sbin/sh\0bootcmd=setenv bootargs console=ttyS0 $' + '{mode}; bootm\0', ['init=/sbin/sh']],
  ['bootargs=console=ttyS0 init=/sbin/init\0', []],
])('%j weakens by %j', async (variables, expected) => {
  const { of } = await analyze([bootLoaders], { '/boot/u-boot.bin': loader(`${variables}bootdelay=0\0\0`) });
  expect(of('kernel.command-line').map((one) => one['weakens'])).toEqual([expected]);
});

test.each(['no', '0', 'off', 'disabled'])('verify=%s is no, as the loader reads it', async (word) => {
  const { of } = await analyze([bootLoaders], { '/boot/u-boot.bin': loader(`verify=${word}\0bootdelay=0\0\0`) });
  expect(of('boot.verification')).toEqual([expect.objectContaining({ present: false })]);
});
