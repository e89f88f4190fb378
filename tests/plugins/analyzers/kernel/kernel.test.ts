import { expect, test } from 'vitest';
import { kernelBuild } from '../../../../src/plugins/analyzers/kernel/build.ts';
import { kernelSysctls } from '../../../../src/plugins/analyzers/kernel/sysctl.ts';
import { analyze } from '../../../support/analyze.ts';

const setting = async (key: string, files: Parameters<typeof analyze>[1]) =>
  (await analyze([kernelSysctls], files)).of('kernel.setting').find((one) => one['key'] === key);

test('the last writer in boot order wins: sysctl.d by name, sysctl.conf, scripts', async () => {
  const key = 'kernel.randomize_va_space';
  const files = { '/etc/sysctl.d/10-a.conf': `${key} = 0\n`, '/etc/sysctl.d/90-b.conf': `${key} = 1\n` };
  expect(await setting(key, files)).toEqual({ key, value: '1', by: 'file' });
  expect(await setting(key, { ...files, '/etc/sysctl.conf': `${key}=2\n` })).toEqual({ key, value: '2', by: 'file' });
  expect(await setting(key, { ...files, '/etc/init.d/rcS': `echo 0 > /proc/sys/kernel/randomize_va_space\n` })).toEqual(
    { key, value: '0', by: 'file' },
  );
});

test('what nothing sets is unset, by whom is unknown', async () => {
  expect(await setting('kernel.kptr_restrict', { '/etc/sysctl.conf': '# nothing\n' })).toEqual({
    key: 'kernel.kptr_restrict',
    value: 'unset',
    by: 'unknown',
  });
});

test('a kernel tells its version, and whether the series still gets fixes', async () => {
  const kernel = Buffer.concat([
    Buffer.alloc(8192),
    Buffer.from('Linux version %s\0Linux version 4.9.118 (b@c) #1\n'),
    Buffer.alloc(8192),
  ]);
  const { of } = await analyze([kernelBuild], { '/boot/vmlinux': kernel, '/lib/modules/6.12.3-x/': { type: '5' } });
  expect(of('kernel.version').map((one) => [one['version'], one['series'], one['supported'], one['source']])).toEqual([
    ['4.9.118', '4.9', 'no', 'banner'],
    ['6.12.3-x', '6.12', 'yes', 'modules'],
  ]);
});

test('build options are held against the table; an option that is not set is n', async () => {
  const filler = Array.from({ length: 60 }, (_, index) => `CONFIG_X${index}=y`).join('\n');
  const { of } = await analyze([kernelBuild], {
    '/boot/config-5.4.1': `${filler}\nCONFIG_KGDB=y\nCONFIG_STACKPROTECTOR_STRONG=y\nCONFIG_MODULES=y\n# CONFIG_MODULE_SIG is not set\n`,
  });
  const holds = Object.fromEntries(of('kernel.option').map((one) => [one['option'], one['holds']]));
  expect(holds).toMatchObject({
    CONFIG_KGDB: false,
    CONFIG_STACKPROTECTOR_STRONG: true,
    CONFIG_MODULE_SIG: false,
    CONFIG_DEVMEM: true,
  });
});

test.each([
  ['CONFIG_DEVMEM=y', false],
  ['CONFIG_DEVMEM=y\nCONFIG_STRICT_DEVMEM=y', true],
  ['CONFIG_DEVMEM=y\n# CONFIG_STRICT_DEVMEM is not set', false],
])('%j: whether physical memory is kept from programs is %s', async (lines, holds) => {
  const filler = Array.from({ length: 60 }, (_, index) => `CONFIG_X${index}=y`).join('\n');
  const { of } = await analyze([kernelBuild], { '/boot/config-5.4.1': `${filler}\n${lines}\n` });
  expect(of('kernel.option').find((one) => one['option'] === 'CONFIG_DEVMEM')?.['holds']).toBe(holds);
});

test('an option counts by its former name too, and what guards modules holds in a kernel that takes none', async () => {
  const filler = Array.from({ length: 60 }, (_, index) => `CONFIG_X${index}=y`).join('\n');
  const { of } = await analyze([kernelBuild], {
    '/boot/config-4.4.1': `${filler}\nCONFIG_CC_STACKPROTECTOR_STRONG=y\nCONFIG_DEBUG_RODATA=y\n`,
  });
  const holds = Object.fromEntries(of('kernel.option').map((one) => [one['option'], one['holds']]));
  expect(holds).toMatchObject({
    CONFIG_STACKPROTECTOR_STRONG: true,
    CONFIG_STRICT_KERNEL_RWX: true,
    CONFIG_STRICT_MODULE_RWX: true,
    CONFIG_MODULE_SIG_FORCE: true,
    CONFIG_HARDENED_USERCOPY: false,
  });
});
