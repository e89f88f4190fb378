import { expect, test } from 'vitest';
import { bootLoaders } from '../../../../src/plugins/analyzers/boot/loader.ts';
import { analyze } from '../../../support/analyze.ts';

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
