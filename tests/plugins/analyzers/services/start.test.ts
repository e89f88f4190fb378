import { expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

const started = async (files: Parameters<typeof analyze>[1]) => {
  const { of, gaps } = await analyze([servicesStart], files);
  return {
    starts: of('service.start').map(
      (one) => `${String(one['started'])} ${String(one['program'])} ${String(one['manager'])} ${String(one['user'])}`,
    ),
    consoles: of('boot.console'),
    gaps,
  };
};
const program = { content: 'x', mode: 0o755 };

test('a BusyBox inittab and its rcS are followed to what they start', async () => {
  const { starts, consoles } = await started({
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\nttyS0::respawn:/bin/sh\ntty1::askfirst:/sbin/getty 38400 tty1\n',
    '/etc/init.d/rcS': '#!/bin/sh\nfor s in /etc/init.d/S??*; do $s start; done\n',
    '/etc/init.d/S40telnetd': '#!/bin/sh\ntelnetd -l /bin/sh &\n',
    '/usr/sbin/telnetd': program,
  });
  expect(starts).toContain('always telnetd sysv root');
  expect(consoles).toEqual([
    expect.objectContaining({ device: 'ttyS0', serial: true, login: 'none', line: 2 }),
    expect.objectContaining({ device: 'tty1', serial: false, login: 'password', line: 3 }),
  ]);
});

test('a shell behind telnetd without login is told', async () => {
  const { of } = await analyze([servicesStart], { '/etc/init.d/rcS': '#!/bin/sh\ntelnetd -p 2323 -l /bin/sh\n' });
  expect(of('service.start')).toEqual([
    expect.objectContaining({ program: 'telnetd', loginless: true, ports: [2323] }),
  ]);
});

test('a server that nothing starts is never started; one that a script names stays open', async () => {
  const { starts } = await started({
    '/etc/init.d/rcS': '#!/bin/sh\n[ -f /mnt/debug ] && /usr/sbin/dropbear\neval "$X ftpd"\n',
    '/usr/sbin/dropbear': program,
    '/usr/sbin/ftpd': program,
    '/usr/sbin/tftpd': program,
  });
  expect(starts.sort()).toEqual([
    'never tftpd none unknown',
    'unknown dropbear sysv root',
    'unknown ftpd none unknown',
  ]);
});

test('systemd units that a target wants start as their user', async () => {
  const { starts } = await started({
    '/lib/systemd/system/mosquitto.service':
      '[Service]\nUser=mosquitto\nExecStart=/usr/sbin/mosquitto -c /etc/m.conf\n',
    '/etc/systemd/system/multi-user.target.wants/mosquitto.service': {
      type: '2',
      link: '/lib/systemd/system/mosquitto.service',
    },
  });
  expect(starts).toEqual(['always mosquitto systemd other']);
});

test('lines of inetd.conf count only when inetd is started', async () => {
  const files = {
    '/etc/inetd.conf': 'ftp stream tcp nowait root /usr/sbin/ftpd ftpd -w\n',
    '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n',
  };
  expect((await started(files)).starts).toEqual([]);
  expect(
    (await started({ ...files, '/etc/init.d/rcS': '#!/bin/sh\n/usr/sbin/inetd\n', '/usr/sbin/inetd': program })).starts,
  ).toContain('always ftpd inetd root');
});

test('an image without any way to start leaves it open', async () => {
  const { gaps } = await started({ '/etc/passwd': 'root:x:0:0::/:/bin/sh\n' });
  expect(gaps).toEqual([expect.objectContaining({ area: 'root-file-system' })]);
});

test('a start script that is too long to be read whole becomes a gap, never «starts nothing»', async () => {
  const long = (text: string) => analyze([servicesStart], { '/etc/init.d/rcS': text });
  await expect(long(`#!/bin/sh\n${'true\n'.repeat(6000)}telnetd\n`)).rejects.toMatchObject({
    fault: { kind: 'over-budget' },
  });
  await expect(long(`#!/bin/sh\n# ${'x'.repeat(2_000_000)}\ntelnetd\n`)).rejects.toMatchObject({
    fault: { kind: 'over-budget' },
  });
  await expect(long(`#!/bin/sh\ntrue ${'x'.repeat(5000)}; telnetd\n`)).rejects.toMatchObject({
    fault: { kind: 'over-budget' },
  });
});

test('a script outside the usual places that is too long leaves what starts open', async () => {
  const { gaps } = await started({
    '/etc/init.d/rcS': '#!/bin/sh\n/opt/run\n',
    '/opt/run': { content: `#!/bin/sh\n${'true\n'.repeat(6000)}telnetd\n`, mode: 0o755 },
  });
  expect(gaps).toEqual([{ message: '/opt/run is too long to be read whole', area: 'root-file-system' }]);
});
