/** Signs of verified boot: each made from its specification, beside one that must not count. */
import { expect, test } from 'vitest';
import { bootLoaders } from '../../../../src/plugins/analyzers/boot/loader.ts';
import { bootVerifications } from '../../../../src/plugins/analyzers/boot/verification.ts';
import { analyze } from '../../../support/analyze.ts';

const told = async (name: string, content: string | Uint8Array) =>
  (await analyze([bootVerifications, bootLoaders], { [name]: content }))
    .of('boot.verification')
    .map(({ kind, present }) => `${String(kind)} ${String(present)}`);

function vbmeta(algorithm: number, flags: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('AVB0');
  header.writeUInt32BE(1, 4);
  header.writeUInt32BE(algorithm, 28);
  header.writeUInt32BE(flags, 120);
  return header;
}

test.each([
  ['signed', vbmeta(1, 0), ['avb true']],
  ['unsigned', vbmeta(0, 0), ['avb false']],
  ['switched off', vbmeta(1, 2), ['avb false']],
  ['without hash trees', vbmeta(1, 1), ['avb false']],
])('a vbmeta %s', async (_what, content, expected) => {
  expect(await told('/boot/vbmeta.img', content)).toEqual(expected);
});

test('the footer of a partition leads to its vbmeta, whose missing signature says nothing', async () => {
  const partition = (algorithm: number) => {
    const footer = Buffer.alloc(64);
    footer.write('AVBf');
    footer.writeBigUInt64BE(4096n, 20);
    return Buffer.concat([Buffer.alloc(4096, 7), vbmeta(algorithm, 0), footer]);
  };
  expect(await told('/boot/boot.img', partition(2))).toEqual(['avb true']);
  expect(await told('/boot/boot.img', partition(0))).toEqual([]);
});

/** A flattened device tree of nodes with string properties. */
function dtb(nodes: { readonly [path: string]: { readonly [name: string]: string } }): Buffer {
  const names = [...new Set(Object.values(nodes).flatMap((one) => Object.keys(one)))];
  const strings = Buffer.from(`${names.join('\0')}\0`);
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const body = (path: string): Buffer =>
    Buffer.concat([
      word(1),
      padded(Buffer.from(`${path.slice(path.lastIndexOf('/') + 1)}\0`)),
      ...Object.entries(nodes[path] ?? {}).flatMap(([name, value]) => {
        const bytes = Buffer.from(`${value}\0`);
        return [word(3), word(bytes.length), word(strings.indexOf(`${name}\0`)), padded(bytes)];
      }),
      ...Object.keys(nodes)
        .filter(
          (other) =>
            other !== path &&
            other.slice(0, Math.max(1, other.lastIndexOf('/'))) === (path === '/' ? '/' : path) &&
            other !== '/',
        )
        .map(body),
      word(2),
    ]);
  const structure = Buffer.concat([body('/'), word(9)]);
  const head = Buffer.alloc(56);
  for (const [at, value] of [
    0xd00dfeed,
    56 + structure.length + strings.length,
    56,
    56 + structure.length,
    40,
    17,
    16,
    0,
    strings.length,
    structure.length,
  ].entries())
    head.writeUInt32BE(value, at * 4);
  return Buffer.concat([head, structure, strings]);
}

const loader = (tree: Buffer) =>
  Buffer.concat([Buffer.from('U-Boot 2022.01 (Jan 10 2022)\0'), Buffer.alloc(600), tree]);

test('a loader verifies what it has a required key for; a key that is not required checks nothing', async () => {
  const key = { algo: 'sha256,rsa2048', 'key-name-hint': 'dev' };
  expect(
    await told(
      '/boot/u-boot.bin',
      loader(dtb({ '/': {}, '/signature': {}, '/signature/key-dev': { ...key, required: 'conf' } })),
    ),
  ).toEqual(['fit-signature true']);
  expect(await told('/boot/u-boot.bin', loader(dtb({ '/': {}, '/signature': {}, '/signature/key-dev': key })))).toEqual(
    ['fit-signature false'],
  );
  expect(await told('/boot/u-boot.bin', loader(dtb({ '/': {}, '/chosen': {} })))).toEqual([]);
});

test('the loader itself is told to verify when it has a required key', async () => {
  const tree = dtb({ '/': {}, '/signature': {}, '/signature/key-dev': { required: 'image' } });
  const { of } = await analyze([bootLoaders], { '/boot/u-boot.bin': loader(tree) });
  expect(of('boot.loader')).toEqual([expect.objectContaining({ verifies: 'yes' })]);
});

test('verify=n in the environment switches the checks of bootm off', async () => {
  const environment = (verify: string) =>
    Buffer.from(`${'\0'.repeat(600)}U-Boot 2014.07 (x)\0\0bootdelay=1\0${verify}bootcmd=bootm\0\0${'\0'.repeat(600)}`);
  expect(await told('/boot/u-boot.bin', environment('verify=no\0'))).toEqual(['fit-signature false']);
  expect(await told('/boot/u-boot.bin', environment('verify=yes\0'))).toEqual([]);
  expect(await told('/boot/u-boot.bin', environment(''))).toEqual([]);
});

test('a device tree tells the kernel’s arguments and its console', async () => {
  const tree = dtb({
    '/': {},
    '/chosen': { bootargs: 'console=ttyS0,115200 root=/dev/dm-0 ro', 'stdout-path': 'serial0:115200n8' },
  });
  const { of } = await analyze([bootVerifications], { '/boot/board.dtb': tree });
  expect(of('kernel.command-line')).toEqual([
    expect.objectContaining({ consoles: ['ttyS0,115200', 'serial0:115200n8'], verity: true, readOnlyRoot: 'yes' }),
  ]);
  expect(
    (
      await analyze([bootVerifications], {
        '/boot/board.dtb': dtb({ '/': {}, '/chosen': { 'stdout-path': 'serial0' } }),
      })
    ).facts,
  ).toEqual([]);
});

test('the command line of a kernel configuration counts, and its later word of ro and rw', async () => {
  const { of } = await analyze([bootVerifications], {
    '/boot/config-6.1.0': `# Linux\n${'CONFIG_X=y\n'.repeat(20)}CONFIG_CMDLINE="console=ttyAMA0 rw ro init=/bin/sh"\n`,
  });
  expect(of('kernel.command-line')).toEqual([
    expect.objectContaining({ readOnlyRoot: 'yes', weakens: ['init=/bin/sh'], consoles: ['ttyAMA0'] }),
  ]);
});

test('MCUboot and ESP images are signed by what they carry', async () => {
  const mcuboot = (tag: number) => {
    const image = Buffer.alloc(512 + 64 + 4 + 4 + 64);
    image.writeUInt32LE(0x96f3b83d, 0);
    image.writeUInt16LE(512, 8);
    image.writeUInt32LE(64, 12);
    image.writeUInt16LE(0x6907, 576);
    image.writeUInt16LE(72, 578);
    image.writeUInt8(tag, 580);
    image.writeUInt16LE(64, 582);
    return image;
  };
  expect(await told('/boot/app.img', mcuboot(0x24))).toEqual(['mcuboot true']);
  expect(await told('/boot/app.img', mcuboot(0x10))).toEqual([]);
  const esp = Buffer.alloc(8192, 1);
  esp[0] = 0xe9;
  expect(await told('/boot/app.img', esp)).toEqual([]);
  esp.writeUInt16LE(0x02e7, 4096);
  expect(await told('/boot/app.img', esp)).toEqual(['esp-secure-boot true']);
});

test('dm-verity shows by its superblock, veritytab and Android’s fstab', async () => {
  const block = Buffer.alloc(4096);
  block.write('verity\0\0');
  block.writeUInt32LE(1, 8);
  expect(await told('/boot/root.verity.img', block)).toEqual(['dm-verity true']);
  const long = `# ${'x'.repeat(80)}\n`;
  expect(await told('/etc/veritytab', `${long}root /dev/sda1 /dev/sda2 abcdef\n`)).toEqual(['dm-verity true']);
  expect(await told('/vendor/etc/fstab.qcom', `${long}/dev/block/system /system ext4 ro wait,avb=vbmeta\n`)).toEqual([
    'dm-verity true',
  ]);
  expect(await told('/etc/fstab', `${long}/dev/root / ext4 ro 0 0 verify\n`)).toEqual([]);
});

test('noise of every size is no sign', async () => {
  for (const size of [64, 100, 5000])
    for (const fill of [0, 0xff, 0xd1, 0x4d])
      expect(await told('/boot/noise.img', Buffer.alloc(size, fill))).toEqual([]);
});
