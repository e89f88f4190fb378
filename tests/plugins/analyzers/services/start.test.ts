import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';
import { has } from '../../../support/unpacked.ts';

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
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
    '/etc/init.d/rcS': '#!/bin/sh\n/opt/run\n',
    '/opt/run': { content: `#!/bin/sh\n${'true\n'.repeat(6000)}telnetd\n`, mode: 0o755 },
  });
  expect(gaps).toEqual([{ message: '/opt/run is too long to be read whole', area: 'root-file-system' }]);
});

const RC = '#!/bin/sh\nfor i in /etc/init.d/S??*; do\n[ ! -f "$i" ] && continue\n$i start\ndone\n/etc/init0.d/rcS\n';

test('a loop over a pattern runs every script that fits it, wherever the folder lies', async () => {
  const { starts } = await started({
    '/etc/init.d/rcS': RC,
    '/etc/init0.d/rcS': '#!/bin/sh\nfor i in /etc/init0.d/S??* ; do\n$i start\ndone\n',
    '/etc/init0.d/S80telnetd.sh':
      '#!/bin/sh\nif [ "$1" = "start" ] && [ "$size" = "0" ]; then\ntelnetd -l /bin/sh &\nfi\n',
    '/etc/init0.d/S90www': '#!/bin/sh\nboa -c /etc/boa &\n',
  });
  expect(starts.sort()).toEqual(['always boa sysv root', 'unknown telnetd sysv root']);
});

test('scripts of a folder that nothing runs are not started for certain', async () => {
  const files = { '/etc/inittab': '::sysinit:/etc/rcS\n', '/etc/init.d/S50telnet': '#!/bin/sh\ntelnetd\n' };
  expect((await started({ ...files, '/etc/rcS': '#!/bin/sh\nmount -a\n' })).starts).toEqual([
    'unknown telnetd sysv root',
  ]);
  expect((await started({ ...files, '/etc/rcS': RC })).starts).toEqual(['always telnetd sysv root']);
});

test('only the run level of initdefault counts', async () => {
  const { starts } = await started({
    '/etc/inittab': 'id:3:initdefault:\nl2:2:wait:/usr/sbin/ftpd\nl3:3:wait:/usr/sbin/tftpd\n',
    '/etc/rc5.d/S10telnet': '#!/bin/sh\ntelnetd\n',
    '/etc/rc3.d/S10ssh': '#!/bin/sh\nsshd\n',
  });
  expect(starts.sort()).toEqual(['always sshd sysv root', 'always tftpd inittab root']);
});

test('a script is followed, not taken for the program whose name it bears', async () => {
  const { starts } = await started({
    '/etc/init.d/rcS': '#!/bin/sh\n/etc/init.d/telnetd start\n',
    '/etc/init.d/telnetd':
      '#!/bin/sh\nstart(){\n if [ "$REMOTE" != "1" ]; then\n exit 0\n fi\n telnetd\n}\ncase "$1" in\n start)\n start\n ;;\nesac\n',
  });
  expect(starts).toEqual(['unknown telnetd sysv root']);
});

test('a function that is called under a condition starts under it, one that is only called by stop not at all', async () => {
  const { starts } = await started({
    '/etc/init.d/rcS':
      '#!/bin/sh\nopen_door() {\n telnetd\n}\nclose() {\n ftpd\n}\ncase "$1" in\nstop) close;;\nesac\n[ "$debug" = 1 ] && open_door\n',
  });
  expect(starts).toEqual(['unknown telnetd sysv root']);
});

test('a return ends its own function only', async () => {
  const { starts } = await started({
    '/etc/init.d/rcS': '#!/bin/sh\nlook() {\n [ -z "$x" ] && return 1\n true\n}\nlook\ntelnetd\n',
  });
  expect(starts).toEqual(['always telnetd sysv root']);
});

const PROCD =
  '#!/bin/sh /etc/rc.common\nstart_instance() {\n config_get_bool enable "$1" enable 1\n [ "$enable" = "0" ] && return 1\n procd_set_param command /usr/sbin/dropbear -F\n}\nstart_service() {\n config_load dropbear\n config_foreach start_instance dropbear\n}\n';

test('UCI settings answer what a script of OpenWrt asks of them', async () => {
  const starts = async (config: string) =>
    (
      await started({
        '/etc/inittab': '::sysinit:/etc/init.d/rcS S boot\n',
        '/etc/rc.common': '#!/bin/sh\n',
        '/etc/rc.d/S50dropbear': { type: '2', link: '../init.d/dropbear' },
        '/etc/init.d/dropbear': PROCD,
        '/etc/config/dropbear': config,
      })
    ).starts;
  expect(await starts("config dropbear\n\toption Port '22'\n")).toEqual(['always dropbear procd root']);
  expect(await starts("config dropbear\n\toption enable '0'\n")).toEqual([]);
  expect(await starts("config dropbear\n\toption enable '0'\nconfig dropbear\n\toption enable '1'\n")).toEqual([
    'unknown dropbear procd root',
  ]);
});

test('the fail-safe mode of OpenWrt is a condition', async () => {
  const { starts } = await started({
    '/etc/preinit': '#!/bin/sh\nfor f in /lib/preinit/*; do\n. $f\ndone\n',
    '/lib/preinit/99_login': '#!/bin/sh\nlogin() {\n telnetd -l /bin/login.sh\n}\nboot_hook_add failsafe login\n',
  });
  expect(starts).toEqual(['unknown telnetd script root']);
});

test('masked units and those of the rescue target do not start; drop-ins and what a unit wants count', async () => {
  const unit = (program: string, more = '') => `[Unit]\n${more}[Service]\nExecStart=${program}\n`;
  const link = (name: string) => ({ type: '2' as const, link: name });
  const { starts, consoles } = await started({
    '/lib/systemd/system/telnetd.service': unit('/usr/sbin/telnetd'),
    '/lib/systemd/system/app.service': unit('/usr/bin/app', 'Wants=mosquitto.service\n'),
    '/lib/systemd/system/mosquitto.service': unit('/usr/sbin/mosquitto'),
    '/lib/systemd/system/sshd.socket': '[Socket]\nListenStream=22\nAccept=yes\n',
    '/lib/systemd/system/sshd@.service': unit('-/usr/sbin/sshd -i'),
    '/lib/systemd/system/ftpd.service': unit('/usr/sbin/vsftpd'),
    '/lib/systemd/system/serial-getty@.service': unit('-/sbin/agetty %I'),
    '/etc/systemd/system/telnetd.service': link('/dev/null'),
    '/etc/systemd/system/multi-user.target.wants/telnetd.service': link('/lib/systemd/system/telnetd.service'),
    '/etc/systemd/system/multi-user.target.wants/app.service': link('/lib/systemd/system/app.service'),
    '/etc/systemd/system/sockets.target.wants/sshd.socket': link('/lib/systemd/system/sshd.socket'),
    '/etc/systemd/system/rescue.target.wants/ftpd.service': link('/lib/systemd/system/ftpd.service'),
    '/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service': link(
      '/lib/systemd/system/serial-getty@.service',
    ),
    '/etc/systemd/system/serial-getty@ttyS0.service.d/auto.conf':
      '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root %I\n',
  });
  expect(starts.sort()).toEqual([
    'always app systemd root',
    'always mosquitto systemd unknown',
    'always sshd systemd root',
  ]);
  expect(consoles).toEqual([
    expect.objectContaining({ device: 'ttyS0', serial: true, login: 'none', started: 'always' }),
  ]);
});

test('run scripts under a supervisor start where it does, and not where a file down lies beside', async () => {
  const run = '#!/bin/sh\nexec chpst -u root dropbear -F\n';
  const files = {
    '/etc/service/ssh/run': run.replace('chpst -u root ', ''),
    '/etc/service/ftp/run': '#!/bin/sh\nexec vsftpd\n',
    '/etc/service/ftp/down': '',
  };
  expect(
    (
      await started({
        ...files,
        '/etc/inittab': '::respawn:/usr/bin/runsvdir /etc/service\n',
        '/usr/bin/runsvdir': program,
      })
    ).starts,
  ).toContain('always dropbear runit root');
  expect((await started({ ...files, '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n' })).starts).toEqual([
    'unknown dropbear runit root',
  ]);
});

test('OpenRC starts what its script names', async () => {
  const { starts } = await started({
    '/etc/inittab': '::sysinit:/sbin/openrc sysinit\n',
    '/etc/runlevels/default/mosquitto': { type: '2', link: '/etc/init.d/mosquitto' },
    '/etc/init.d/mosquitto':
      '#!/sbin/openrc-run\ncommand="/usr/sbin/mosquitto"\ncommand_args="-d"\ncommand_user="mosquitto"\n',
  });
  expect(starts).toEqual(['always mosquitto sysv other']);
});

test('links that a version control kept as text are followed', async () => {
  const { starts } = await started({
    '/etc/rc.common': '#!/bin/sh\n',
    '/etc/rc.d/S50telnet': '../init.d/telnet',
    '/etc/init.d/telnet': '#!/bin/sh /etc/rc.common\nstart() {\n telnetd -l /bin/login\n}\n',
  });
  expect(starts).toEqual(['always telnetd procd root']);
});

test('commands in a here-document, after an exit or after a false test are not started', async () => {
  const { starts } = await started({
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
    '/etc/init.d/rcS':
      '#!/bin/sh\ncat > /tmp/x <<EOF\nvsftpd\nEOF\nfalse && tftpd -l\nboa\nif false; then\nsnmpd\nfi\nexit 0\nmosquitto -d\n',
  });
  expect(starts).toEqual(['always boa inittab root']);
});

test('a shell that is given a here-document runs it', async () => {
  const { starts } = await started({
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
    '/etc/init.d/rcS': '#!/bin/sh\nsh <<EOF\nboa\nEOF\n',
  });
  expect(starts).toEqual(['always boa inittab root']);
});

test('a script without the right to be run does not start for certain, one that a shell reads does', async () => {
  const { starts } = await started({
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
    '/etc/init.d/rcS': '#!/bin/sh\nfor i in /etc/init.d/S??*; do\n$i start\ndone\n. /etc/web.sh\n',
    '/etc/init.d/S60ftp': { content: '#!/bin/sh\nvsftpd\n', mode: 0o644 },
    '/etc/web.sh': { content: 'boa\n', mode: 0o644 },
  });
  expect(starts.sort()).toEqual(['always boa inittab root', 'unknown vsftpd sysv unknown']);
});

test('what a target that no boot reaches wants starts under a condition', async () => {
  const { starts } = await started({
    '/lib/systemd/system/tftpd.service': '[Service]\nExecStart=/usr/sbin/tftpd -l\n',
    '/lib/systemd/system/boa.service': '[Service]\nExecStart=/usr/sbin/boa\n',
    '/etc/systemd/system/factory.target.wants/tftpd.service': { type: '2', link: '/lib/systemd/system/tftpd.service' },
    '/etc/systemd/system/multi-user.target.wants/boa.service': { type: '2', link: '/lib/systemd/system/boa.service' },
  });
  expect(starts.sort()).toEqual(['always boa systemd root', 'unknown tftpd systemd root']);
});

test('a server that a program which runs commands names may be started by it', async () => {
  const program = (words: string): Buffer =>
    Buffer.concat([Buffer.from('\x7fELF\x01\x01\x01'.padEnd(300, '\0'), 'latin1'), Buffer.from(words)]);
  const base = { '/etc/inittab': '::sysinit:/sbin/rc\n', '/usr/sbin/telnetd': 'x' };
  const inRoot = async (words: string) => (await started({ ...base, '/sbin/rc': program(words) })).starts;
  expect(await inRoot('\0system\0telnetd -l /bin/sh\0')).toContain('unknown telnetd none unknown');
  expect(await inRoot('\0system\0utelnetd2\0')).not.toContain('unknown telnetd none unknown');
  const short = { '/etc/inittab': '::sysinit:/sbin/rc\n', '/usr/bin/nc': 'x' };
  for (const words of ['\0system\0nc -l -p 9\0', '\0system\0/nc -l\0'])
    expect((await started({ ...short, '/sbin/rc': program(words) })).starts).toContain('unknown nc none unknown');
  expect((await started({ ...short, '/sbin/rc': program('\0system\0sync\0') })).starts).not.toContain(
    'unknown nc none unknown',
  );
});

test('BusyBox without an inittab gives a shell on the console', async () => {
  const { consoles } = await started({
    '/etc/init.d/rcS': '#!/bin/sh\nboa\n',
    '/bin/busybox': 'x',
    '/sbin/init': { type: '2', link: '/bin/busybox' },
  });
  expect(consoles).toEqual([expect.objectContaining({ device: 'console', login: 'none', started: 'always' })]);
});

const ANDROID =
  'service adbd /sbin/adbd\n    class core\n    disabled\nservice console /system/bin/sh\n    console\n    disabled\n';

test.each([
  ['', 'unknown', false, 'unknown'],
  ['persist.sys.usb.config=mtp\nro.adb.secure=1\n', 'unknown', false, 'unknown'],
  ['persist.sys.usb.config=mtp,adb\nro.adb.secure=1\n', 'always', false, 'unknown'],
  ['service.adb.tcp.port=5555\nro.adb.secure=0\nro.debuggable=1\n', 'always', true, 'always'],
  ['#persist.sys.usb.config=adb\nservice.adb.tcp.port=0\n', 'unknown', false, 'unknown'],
])(
  'properties %j: the debug bridge %s, without a login %s, the console %s',
  async (properties, adb, loginless, console) => {
    const { of } = await analyze([servicesStart], {
      '/init.rc': ANDROID,
      '/default.prop': properties,
      '/sbin/adbd': program,
    });
    const [bridge] = of('service.start').filter((one) => one['kind'] === 'adb');
    expect(bridge).toMatchObject({ started: adb, loginless });
    expect(of('boot.console')).toMatchObject([{ device: 'console', login: 'none', started: console }]);
  },
);

describe.skipIf(!has('gcc'))('programs of the vendor’s own', () => {
  const compiled = (source: string): Buffer => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-vendor-'));
    try {
      execFileSync('gcc', ['-w', '-x', 'c', '-', '-o', join(folder, 'program')], { input: source });
      return readFileSync(join(folder, 'program'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const supervisor = compiled('int main(void) { return system("httpd -p 80") + system("/usr/sbin/telnetd2"); }');
  const server = compiled('int main(void) { inet_ntoa(0); return bind() + listen() + accept(); }');
  const local = compiled('int main(void) { return bind() + listen() + accept(); }');

  test('one that a script calls by its bare name is started; a server that it names may be', async () => {
    const { starts } = await started({
      '/etc/inittab': '::sysinit:/etc/init.d/rcS\n',
      '/etc/init.d/rcS': '#!/bin/sh\nmkdir /var/run\ncos &\n',
      '/usr/bin/cos': { content: supervisor, mode: 0o755 },
      '/usr/bin/httpd': program,
      '/usr/sbin/telnetd': program,
      '/bin/mkdir': program,
    });
    expect(starts.sort()).toEqual([
      'always cos inittab root',
      'never telnetd none unknown',
      'unknown httpd none unknown',
    ]);
  });

  test('one that listens on the network is a server of which nobody knows the kind', async () => {
    const { of } = await analyze([servicesStart], {
      '/etc/init.d/rcS': '#!/bin/sh\nipcam &\n/usr/bin/bus &\n',
      '/usr/bin/ipcam': { content: server, mode: 0o755 },
      '/usr/bin/bus': { content: local, mode: 0o755 },
    });
    expect(of('service.start').map(({ program: name, kind }) => `${String(name)} ${String(kind)}`)).toEqual([
      'ipcam unknown',
      'bus other',
    ]);
  });
});
