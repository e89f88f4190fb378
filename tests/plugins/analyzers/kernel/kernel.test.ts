import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kernelBuild } from '../../../../src/plugins/analyzers/kernel/build.ts';
import { kernelSysctls } from '../../../../src/plugins/analyzers/kernel/sysctl.ts';
import { analyze } from '../../../support/analyze.ts';

const setting = async (key: string, files: Parameters<typeof analyze>[1]) =>
  (await analyze([kernelSysctls], files)).of('kernel.setting').find((one) => one['key'] === key);

test('the last writer in boot order wins: sysctl.d by name, sysctl.conf, scripts', async () => {
  const key = 'kernel.randomize_va_space';
  const files = {
    '/etc/init.d/S02sysctl': 'sysctl --system\n',
    '/etc/sysctl.d/10-a.conf': `${key} = 0\n`,
    '/etc/sysctl.d/90-b.conf': `${key} = 1\n`,
  };
  expect(await setting(key, files)).toEqual({ key, value: '1', by: 'file' });
  expect(await setting(key, { ...files, '/etc/sysctl.conf': `${key}=2\n` })).toEqual({ key, value: '2', by: 'file' });
  expect(await setting(key, { ...files, '/etc/init.d/rcS': `echo 0 > /proc/sys/kernel/randomize_va_space\n` })).toEqual(
    { key, value: '0', by: 'file' },
  );
});

test('a file of settings counts where something reads it', async () => {
  const key = 'kernel.kptr_restrict';
  const [conf, folder] = [{ '/etc/sysctl.conf': `${key} = 1\n` }, { '/etc/sysctl.d/a.conf': `${key} = 1\n` }];
  const unset = { key, value: 'unset', by: 'unknown' };
  const set = { key, value: '1', by: 'file' };
  expect(await setting(key, conf)).toEqual(unset);
  expect(await setting(key, { ...conf, '/etc/init.d/S02sysctl': '#!/bin/sh\n/sbin/sysctl -q -p\n' })).toEqual(set);
  expect(await setting(key, { ...conf, '/etc/init.d/S02sysctl': '#!/bin/sh\n# sysctl -p\n' })).toEqual(unset);
  expect(await setting(key, { ...folder, '/etc/init.d/S02sysctl': '#!/bin/sh\nsysctl -p\n' })).toEqual(unset);
  const systemd = { '/lib/systemd/systemd-sysctl': 'x' };
  expect(await setting(key, { ...folder, ...systemd })).toEqual(set);
  expect(await setting(key, { ...conf, ...systemd })).toEqual(unset);
  const link = { '/etc/sysctl.d/99-sysctl.conf': { type: '2' as const, link: '../sysctl.conf' } };
  expect(await setting(key, { ...conf, ...link, ...systemd })).toEqual(set);
});

test('a file of the same name in /etc, a link to nothing and another ending take settings away', async () => {
  const key = 'kernel.kptr_restrict';
  const own = { '/lib/systemd/systemd-sysctl': 'x', '/usr/lib/sysctl.d/a.conf': `${key} = 1\n` };
  expect((await setting(key, own))?.['value']).toBe('1');
  expect((await setting(key, { ...own, '/etc/sysctl.d/a.conf': '# nothing\n' }))?.['value']).toBe('unset');
  const masked = { '/etc/sysctl.d/a.conf': { type: '2' as const, link: '/dev/null' } };
  expect((await setting(key, { ...own, ...masked }))?.['value']).toBe('unset');
  const off = { '/lib/systemd/systemd-sysctl': 'x', '/etc/sysctl.d/a.conf.off': `${key} = 1\n` };
  expect((await setting(key, off))?.['value']).toBe('unset');
});

test.each([
  ['sysctl -qw kernel.dmesg_restrict=1 kernel.kptr_restrict=0', '0'],
  ['sysctl -w "kernel.kptr_restrict=0"', '0'],
  ['echo -n 0 >/proc/sys/kernel/kptr_restrict', '0'],
  ['printf 0 > "/proc/sys/kernel/kptr_restrict"', '0'],
])('a script sets it: %s', async (line, value) => {
  const found = await setting('kernel.kptr_restrict', { '/etc/init.d/rcS': `#!/bin/sh\n${line}\n` });
  expect(found).toMatchObject({ value, by: 'file' });
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

test('a text that speaks of a kernel is none', async () => {
  const text = `${'x'.repeat(5000)}\n  * Linux version 2.6.19 and later need it.\n`;
  expect((await analyze([kernelBuild], { '/boot/NEWS': text })).of('kernel.version')).toEqual([]);
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

/** What the kernel's sign-file appends: a detached signature, its trailer (PKCS#7 is type 2), the marker. */
function signed(content: Buffer, ...options: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'assay-module-'));
  const at = (name: string): string => join(folder, name);
  try {
    const subject = ['-subj', '/O=Vendor/CN=Build time module key'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', at('k'), '-out', at('c')],
      { stdio: 'ignore' },
    );
    writeFileSync(at('m'), content);
    const form = ['-binary', '-noattr', '-nocerts', '-md', 'sha512', '-outform', 'DER', ...options];
    execFileSync('openssl', [
      'cms',
      '-sign',
      ...form,
      '-in',
      at('m'),
      '-signer',
      at('c'),
      '-inkey',
      at('k'),
      '-out',
      at('s'),
    ]);
    const signature = readFileSync(at('s'));
    const trailer = Buffer.from([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    trailer.writeUInt32BE(signature.length, 8);
    return Buffer.concat([content, signature, trailer, Buffer.from('~Module signature appended~\n')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('signatures of modules are told with hash and signer; partly signed is not signed', async () => {
  const module = Buffer.alloc(4096, 1);
  const marker = Buffer.from('~Module signature appended~\n');
  const told = async (files: Parameters<typeof analyze>[1]) =>
    (await analyze([kernelBuild], files)).of('kernel.module');
  const byName = { '/lib/modules/6.1/a.ko': signed(module) };
  expect(await told(byName)).toEqual([
    {
      modules: 1,
      signed: 1,
      unsigned: 0,
      without: [],
      hashes: ['sha512'],
      signers: [expect.stringMatching(/^Vendor, Build time module key, serial [0-9a-f]+$/)],
    },
  ]);
  const files = { ...byName, '/lib/modules/6.1/b.ko': module, '/lib/modules/6.1/c.ko': signed(module, '-keyid') };
  expect(await told(files)).toMatchObject([
    {
      modules: 3,
      signed: 2,
      unsigned: 1,
      without: ['/lib/modules/6.1/b.ko'],
      signers: [/Vendor/, /^key [0-9a-f]{40}$/].map((one) => expect.stringMatching(one)),
    },
  ]);
  // A marker without a signature before it signs nothing.
  expect(await told({ '/lib/modules/6.1/d.ko': Buffer.concat([module, marker]) })).toMatchObject([{ unsigned: 1 }]);
});

test('a packed module leaves open whether it is signed', async () => {
  const { of, gaps } = await analyze([kernelBuild], { '/lib/modules/6.1/a.ko.xz': Buffer.alloc(64, 7) });
  expect(of('kernel.module')).toEqual([]);
  expect(gaps).toEqual([expect.objectContaining({ message: expect.stringContaining('packed module') })]);
});
