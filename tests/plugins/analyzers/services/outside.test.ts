/** What the boot of an image leaves open: programs from outside of what was given, and consoles. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

const program = { content: 'x', mode: 0o755 };
const started = async (files: Parameters<typeof analyze>[1]) => {
  const { of, gaps } = await analyze([servicesStart], files);
  return { consoles: of('boot.console'), gaps };
};

describe('what boot runs from outside of what was given', () => {
  const outside = async (rcS: string, more: Parameters<typeof analyze>[1] = {}) =>
    (await started({ '/etc/init.d/rcS': `#!/bin/sh\n${rcS}\n`, ...more })).gaps.filter(({ message }) =>
      message.includes('no file system that was given'),
    );
  const empty = { type: '5', mode: 0o755 } as const;

  test('a script on a partition that is mounted over an empty folder leaves open what starts', async () => {
    const gaps = await outside('mount -t jffs2 /dev/mtdblock4 /system\n[ -f /system/init.sh ] && /system/init.sh', {
      '/system/': empty,
    });
    expect(gaps).toEqual([expect.objectContaining({ message: expect.stringContaining('rcS:3 runs /system/init.sh') })]);
  });

  test('a program that the search path may find there does too', async () => {
    expect(await outside('export PATH=/system/bin:$PATH\ncamera &\ncd /tmp', { '/system/': empty })).toHaveLength(1);
  });

  test('one that is missing in a folder of the image, or only read, does not', async () => {
    const files = { '/usr/bin/there': program, '/system/': empty };
    expect(await outside('/usr/bin/missing\n. /system/settings\nPATH=/usr/bin\nthere\nelsewhere', files)).toEqual([]);
  });
});

describe('consoles', () => {
  const logins = async (files: Parameters<typeof analyze>[1]) =>
    (await started(files)).consoles.map((one) => `${one['device']} ${one['login']} ${one['started']}`);
  const inittab = { '/etc/inittab': '::sysinit:/etc/init.d/rcS\n::askconsole:/usr/libexec/login.sh\n' };
  const loginScript =
    '#!/bin/sh\n[ "$(uci -q get system.@system[0].ttylogin)" = 1 ] || exec /bin/ash --login\nexec /bin/login\n';

  test('a script that writes inittab leaves open what runs on the console', async () => {
    const gaps = async (line: string) =>
      (await started({ '/etc/inittab': '::sysinit:/etc/init.d/rcS\n', '/etc/init.d/rcS': `#!/bin/sh\n${line}\n` }))
        .gaps;
    const open = [expect.objectContaining({ message: expect.stringContaining('writes /etc/inittab') })];
    expect(await gaps('sed -ir "s/^#::ask/::ask/" /etc/inittab')).toEqual(open);
    expect(await gaps('echo "ttyS0::respawn:-/bin/sh" >> /etc/inittab')).toEqual(open);
    expect(await gaps('grep console /etc/inittab > /tmp/x')).toEqual([]);
    expect(await gaps('# cp /rom/inittab /etc/inittab')).toEqual([]);
  });

  test('a program on a console that nobody knows leaves open who is let in', async () => {
    expect(await logins(inittab)).toEqual(['console unknown always']);
  });

  test('OpenWrt’s login script asks for a password only where its setting says so', async () => {
    const script = { '/usr/libexec/login.sh': { content: loginScript, mode: 0o755 } };
    expect(await logins({ ...inittab, ...script })).toEqual(['console none always']);
    const system = { '/etc/config/system': "config system\n\toption ttylogin '1'\n" };
    expect(await logins({ ...inittab, ...script, ...system })).toEqual(['console password always']);
  });

  test('a script may start a getty or a shell on a terminal; a shell that is fed by something is none', async () => {
    expect(
      await logins({
        '/etc/init.d/rcS': [
          '#!/bin/sh',
          'getty -L ttyS0 115200 vt100 &',
          'setsid /bin/sh < /dev/ttyS1 > /dev/ttyS1 &',
          'echo reboot | sh',
          'sh < /etc/setup',
          'sh -c "true"',
          'sh /etc/other.sh',
          'if [ -e /tmp/debug ]; then /bin/sh; fi',
        ].join('\n'),
      }),
    ).toEqual(['ttyS0 password always', 'ttyS1 none always', 'console none unknown']);
  });
});

test('a program without a kind that takes connections is open where another that starts names it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-listener-'));
  try {
    const built = (name: string, code: string): Buffer => {
      execFileSync('cc', ['-x', 'c', '-o', join(folder, name), '-'], { input: code });
      return readFileSync(join(folder, name));
    };
    const listener = built(
      'a',
      '#include <arpa/inet.h>\n#include <sys/socket.h>\n#include <netinet/in.h>\nint main(){int s=socket(2,1,0);struct sockaddr_in a={2,htons(99)};inet_aton("0.0.0.0",&a.sin_addr);bind(s,(void*)&a,sizeof a);listen(s,1);return accept(s,0,0);}',
    );
    const starter = built('b', '#include <stdlib.h>\nint main(){system("tddp &");return system("vendord &");}');
    const files = {
      '/etc/init.d/rcS': '#!/bin/sh\nmain &\n',
      '/usr/bin/main': { content: starter, mode: 0o755 },
      '/usr/bin/vendord': { content: listener, mode: 0o755 },
      '/usr/bin/otherd': { content: listener, mode: 0o755 },
      '/usr/bin/tddp': { content: 'x', mode: 0o755 },
    };
    const { of } = await analyze([servicesStart], files);
    expect(of('service.start').map((one) => [one['program'], one['kind'], one['started']])).toEqual([
      ['main', 'other', 'always'],
      ['tddp', 'debug', 'unknown'],
      ['vendord', 'unknown', 'unknown'],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('what units and scripts start', () => {
  const starts = async (files: Parameters<typeof analyze>[1]) =>
    (await analyze([servicesStart], files))
      .of('service.start')
      .map((one) => [one['program'], one['started'], one['user']]);
  const wanted = (name: string, text: string) => ({
    [`/lib/systemd/system/${name}`]: `[Service]\n${text}`,
    [`/etc/systemd/system/multi-user.target.wants/${name}`]: {
      type: '2' as const,
      link: `/lib/systemd/system/${name}`,
    },
  });

  test('a condition that the image itself answers is none', async () => {
    expect(
      await starts({
        ...wanted('a.service', 'ConditionPathExists=!/etc/ssh/sshd_not_to_be_run\nExecStart=/usr/sbin/sshd -D\n'),
        ...wanted('b.service', 'ConditionPathExists=!/data/set-up\nExecStart=/usr/sbin/vsftpd\n'),
        ...wanted('c.service', 'ConditionFileIsExecutable=/usr/bin/there\nExecStart=/usr/sbin/snmpd\n'),
        ...wanted('d.service', 'ConditionPathExists=/data/web\nExecStart=/usr/sbin/lighttpd\n'),
        '/usr/bin/there': program,
      }),
    ).toEqual([
      ['sshd', 'always', 'root'],
      ['vsftpd', 'unknown', 'unknown'],
      ['snmpd', 'always', 'unknown'],
      ['lighttpd', 'unknown', 'unknown'],
    ]);
  });

  test('the script of a unit is followed, as the account of the unit', async () => {
    expect(
      await starts({
        ...wanted('cam.service', 'User=cam\nExecStart=/opt/cam/start.sh\n'),
        '/opt/cam/start.sh': { content: '#!/bin/sh\nexec busybox telnetd -p 99\n', mode: 0o755 },
      }),
    ).toEqual([['telnetd', 'always', 'other']]);
  });

  test('BusyBox in a service of Android’s init is looked through', async () => {
    const rc = 'on boot\n    class_start main\nservice shell /system/bin/busybox telnetd -F\n    class main\n';
    expect(await starts({ '/init.rc': rc })).toEqual([['telnetd', 'always', 'root']]);
  });

  test('what Android’s init imports is read; a file that the loader names is only one of those that fit', async () => {
    const service = (name: string) => `service ${name} /vendor/bin/${name}\n    class main\n`;
    expect(
      await starts({
        '/init.rc':
          'import /vendor/etc/init/hw/init.cam.rc\nimport /vendor/etc/init/hw/init.\x24{ro.hardware}.rc\nimport /init.rc\n',
        '/vendor/etc/init/hw/init.cam.rc': `import /vendor/more/init.rc\n${service('telnetd')}`,
        '/vendor/etc/init/hw/init.qcom.rc': service('sshd'),
        '/vendor/more/init.rc': service('mosquitto'),
        '/vendor/other/init.rc': service('vsftpd'),
      }),
    ).toEqual([
      ['telnetd', 'always', 'root'],
      ['sshd', 'unknown', 'root'],
      ['mosquitto', 'always', 'unknown'],
    ]);
  });

  test('an import that two properties name may mean each file that fits both ends', async () => {
    expect(
      await starts({
        '/init.rc': 'import /vendor/etc/init/hw/init.\x24{ro.hardware}.\x24{ro.revision}.rc\n',
        '/vendor/etc/init/hw/init.qcom.2.rc': 'service sshd /vendor/bin/sshd\n    class main\n',
      }),
    ).toEqual([['sshd', 'unknown', 'root']]);
  });

  test('more programs than are looked at for listeners leave open what starts', async () => {
    const programs = Object.fromEntries(Array.from({ length: 2001 }, (_, at) => [`/usr/bin/p${at}`, 'x']));
    const { gaps } = await analyze([servicesStart], { '/etc/init.d/rcS': '#!/bin/sh\ntrue\n', ...programs });
    expect(gaps.map(({ message }) => message)).toContainEqual(expect.stringContaining('more than 2000 programs'));
  });

  test('settings that a start script reads in are taken in', async () => {
    const { of } = await analyze([servicesStart], {
      '/etc/init.d/rcS':
        '#!/bin/sh\ntest -r /etc/default/dropbear && . /etc/default/dropbear\nstart-stop-daemon -S --exec /usr/sbin/dropbear -- $DROPBEAR_ARGS\n',
      '/etc/default/dropbear': '# options\nDROPBEAR_ARGS="-w -s"\n',
    });
    expect(of('service.start')).toEqual([expect.objectContaining({ command: '/usr/sbin/dropbear -w -s' })]);
  });
});
