import { expect, test } from 'vitest';
import { filesInventory } from '../../../../src/plugins/analyzers/files/inventory.ts';
import { filesMounts } from '../../../../src/plugins/analyzers/files/mounts.ts';
import { filesPermissions } from '../../../../src/plugins/analyzers/files/permissions.ts';
import { analyze } from '../../../support/analyze.ts';

test('setuid programs, writable scripts and readable databases are told with whether that is usual', async () => {
  const { of } = await analyze([filesPermissions], {
    '/bin/su': { content: 'x', mode: 0o4755 },
    '/usr/bin/backdoor': { content: 'x', mode: 0o4755 },
    '/etc/init.d/S50': { content: 'x', mode: 0o777 },
    '/etc/shadow': { content: 'x', mode: 0o644 },
    '/tmp/': { type: '5', mode: 0o1777 },
    '/share/': { type: '5', mode: 0o777 },
  });
  expect(of('file.permission').map((one) => [one['file'], one['kind'], one['mode'], one['expected']])).toEqual([
    ['/bin/su', 'setuid', '4755', true],
    ['/usr/bin/backdoor', 'setuid', '4755', false],
    ['/etc/init.d/S50', 'writable-start-script', '0777', false],
    ['/etc/shadow', 'shadow', '0644', false],
    ['/tmp', 'world-writable-directory', '1777', true],
    ['/share', 'world-writable-directory', '0777', false],
  ]);
});

test('the root is writable where fstab or a remount says so, and unknown where nothing does', async () => {
  const root = async (files: Parameters<typeof analyze>[1]) =>
    (await analyze([filesMounts], files)).of('file.mount').find((one) => one['point'] === '/')?.['readOnly'];
  expect(await root({ '/etc/fstab': '/dev/root / ext4 ro,noatime 0 1\n' })).toBe('yes');
  expect(await root({ '/etc/fstab': '/dev/root / ext4 defaults 0 1\n' })).toBe('no');
  expect(await root({ '/etc/fstab': '/dev/root / ext4 ro 0 1\n', '/etc/init.d/rcS': 'mount -o remount,rw /\n' })).toBe(
    'no',
  );
  expect(await root({ '/etc/fstab': 'proc /proc proc defaults 0 0\n' })).toBe('unknown');
});

test('a writable layer over the root is told beside what the root itself is', async () => {
  const layers = async (files: Parameters<typeof analyze>[1]) =>
    (await analyze([filesMounts], files)).of('file.mount').map((one) => [one['type'], one['readOnly'], one['file']]);
  const fstab = { '/etc/fstab': '/dev/root / ext4 ro 0 1\n' };
  expect(await layers(fstab)).toEqual([['ext4', 'yes', '/etc/fstab']]);
  expect(await layers({ ...fstab, '/sbin/mount_root': 'x' })).toContainEqual(['overlay', 'no', '/sbin/mount_root']);
  const script = 'mount -n -t overlay overlay -o lowerdir=/,upperdir=/data/up,workdir=/data/w /mnt\n';
  expect(await layers({ ...fstab, '/etc/init.d/rcS': script })).toContainEqual(['overlay', 'no', '/etc/init.d/rcS']);
  expect(await layers({ ...fstab, '/etc/init.d/rcS': `# ${script}` })).toHaveLength(1);
});

test('a partition from which a boot script runs something holds start-up items, writable by its type', async () => {
  const { of } = await analyze([filesMounts], {
    '/etc/init.d/rcS': [
      '#!/bin/sh',
      'mount -t jffs2 /dev/mtdblock4 /system',
      'mount -t squashfs /dev/mtdblock3 /driver',
      'mount -t jffs2 /dev/mtdblock5 /params',
      'mount /dev/mtdblock6 /opt/app',
      'mount -t yaffs2 /dev/mtdblock7 /mnt/mtd -o noatime',
      'insmod /params/x.ko',
      '/driver/load.sh',
      'if [ -f /system/init/app_init.sh ]; then',
      '    /system/init/app_init.sh &',
      'fi',
      'cd /opt; sh /opt/app/run.sh',
      'mkdir /params/log && exec /mnt/mtd/start',
    ].join('\n'),
  });
  const told = of('file.mount').filter((one) => one['point'] !== '/');
  expect(told.map((one) => [one['point'], one['type'], one['readOnly'], one['startUp']])).toEqual([
    ['/system', 'jffs2', 'no', true],
    ['/driver', 'squashfs', 'yes', true],
    ['/opt/app', 'unknown', 'unknown', true],
    ['/mnt/mtd', 'yaffs2', 'no', true],
  ]);
});

test('more mounts than are read in one script are told', async () => {
  const mounts = Array.from({ length: 65 }, (_, at) => `mount -t jffs2 /dev/mtdblock4 /mnt/p${at}`);
  const { gaps } = await analyze([filesMounts], { '/etc/init.d/rcS': ['#!/bin/sh', ...mounts].join('\n') });
  expect(gaps.map(({ message }) => message)).toEqual(['more than 64 mounts in one script']);
});

test('a mount that is only spoken of is none, and one behind a condition may not happen', async () => {
  const { of } = await analyze([filesMounts], {
    '/etc/init.d/rcS': [
      '#!/bin/sh',
      'echo mount -t jffs2 /dev/mtdblock4 /system',
      '[ -b /dev/mtdblock5 ] && mount -t jffs2 /dev/mtdblock5 /opt',
      '/system/start.sh',
      '/opt/start.sh',
    ].join('\n'),
  });
  const told = of('file.mount').filter((one) => one['point'] !== '/');
  expect(told.map((one) => [one['point'], one['readOnly']])).toEqual([['/opt', 'unknown']]);
});

test('what a script mounts where start-up items lie is told, with whether it can be written', async () => {
  const { of } = await analyze([filesMounts], {
    '/etc/init.d/rcS': [
      'mount -t jffs2 /dev/mtdblock4 /etc',
      'mount -o ro,noatime -t squashfs /dev/mtdblock5 /usr && echo done',
      'mount -t tmpfs tmpfs /etc/init.d',
      'mount --bind /data/lib /lib 2>/dev/null',
      'mount -o remount,ro /usr',
      '# mount -t jffs2 /dev/mtdblock6 /bin',
      'mount -t jffs2 /dev/mtdblock7 /etc/config',
      'mount -t vfat /dev/sda1 /mnt/usr',
      'if recovery; then',
      '  mount -t jffs2 /dev/mtdblock8 /sbin',
      'fi',
    ].join('\n'),
    '/etc/init.d/never': 'mount -t jffs2 /dev/mtdblock9 /etc/rc.d\n',
  });
  const told = of('file.mount').filter((one) => one['point'] !== '/');
  expect(told.map((one) => [one['point'], one['type'], one['readOnly']])).toEqual([
    ['/etc', 'jffs2', 'no'],
    ['/usr', 'squashfs', 'yes'],
    ['/etc/init.d', 'tmpfs', 'no'],
    ['/lib', 'bind', 'unknown'],
    ['/sbin', 'jffs2', 'unknown'],
    ['/etc/rc.d', 'jffs2', 'unknown'],
  ]);
});

test('developer tools and leftovers are told by name', async () => {
  const { of } = await analyze([filesInventory], {
    '/usr/bin/gdbserver': 'x',
    '/root/.ash_history': 'reboot\n',
    '/www/.git/HEAD': 'ref: x\n',
    '/usr/bin/vi': 'x',
  });
  expect(of('binary.tool')).toEqual([{ name: 'gdbserver', file: '/usr/bin/gdbserver', kind: 'debugger' }]);
  expect(of('file.leftover').map((one) => one['kind'])).toEqual(['history', 'version-control']);
});

test('an owner whom the image does not know writes nothing, and names alone make no test page', async () => {
  const { of } = await analyze([filesPermissions, filesInventory], {
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\napp:x:1001:1001::/:/bin/sh\n',
    '/etc/init.d/S1': { content: '#!/bin/sh\n', mode: 0o755, uid: 1000 },
    '/etc/init.d/S2': { content: '#!/bin/sh\n', mode: 0o755, uid: 1001 },
    '/www/info.php': '<? include "templates.php"; ?>',
    '/www/test.php': '<?php phpinfo(); ?>',
  });
  expect(
    of('file.permission')
      .filter(({ kind }) => kind === 'writable-start-script')
      .map(({ file }) => file),
  ).toEqual(['/etc/init.d/S2']);
  expect(of('file.leftover').map(({ file }) => file)).toEqual(['/www/test.php']);
});

test('a start script that no run level links to mounts nothing, and one that another runs does', async () => {
  const layers = async (files: Parameters<typeof analyze>[1]) => {
    const { of, gaps } = await analyze([filesMounts], { '/etc/fstab': '/dev/root / ext4 ro 0 1\n', ...files });
    return [of('file.mount').map((one) => [one['type'], one['readOnly'], one['file']]), gaps.length];
  };
  const script = '#!/sbin/openrc-run\nmount -t overlay overlay -o upperdir=/data/up /mnt\nmount -o remount,rw /\n';
  const link = { type: '2', target: '/etc/init.d/other' } as const;
  const idle = { '/etc/init.d/modloop': script, '/etc/runlevels/boot/other': link, '/etc/init.d/other': '#!/bin/sh\n' };
  expect(await layers(idle)).toEqual([[['ext4', 'yes', '/etc/fstab']], 1]);
  const run = { ...idle, '/etc/init.d/other': '#!/bin/sh\n/etc/init.d/modloop start\n' };
  expect(await layers(run)).toEqual([
    [
      ['ext4', 'no', '/etc/init.d/modloop'],
      ['overlay', 'no', '/etc/init.d/modloop'],
    ],
    0,
  ]);
  expect(
    await layers({ '/etc/layer.sh': script, '/etc/init.d/rcS': '[ -f /etc/layer.sh ] && /etc/layer.sh start\n' }),
  ).toEqual([
    [
      ['ext4', 'no', '/etc/layer.sh'],
      ['overlay', 'no', '/etc/layer.sh'],
    ],
    0,
  ]);
});

test('a remount that is commented out and a row that nothing takes up leave the root as the kernel mounts it', async () => {
  const { of } = await analyze([filesMounts], {
    '/etc/fstab': '/dev/root / ext2 rw,noauto 0 1\n',
    '/etc/inittab': '#::sysinit:/bin/mount -o remount,rw /\n::sysinit:/bin/mount -a\n',
  });
  expect(of('file.mount').map((one) => one['readOnly'])).toEqual(['unknown']);
});

test('the program printenv is no test page of a web server', async () => {
  const { of } = await analyze([filesInventory], {
    '/usr/bin/printenv': 'x',
    '/usr/lib/bash/printenv': 'x',
    '/www/cgi-bin/printenv': 'x',
    '/www/printenv.pl': 'x',
  });
  expect(of('file.leftover').map((one) => one['file'])).toEqual(['/www/cgi-bin/printenv', '/www/printenv.pl']);
});
