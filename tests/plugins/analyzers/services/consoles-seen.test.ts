import { describe, expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

type Files = Parameters<typeof analyze>[1];
const consoles = async (files: Files) =>
  (await analyze([servicesStart], files))
    .of('boot.console')
    .map(({ device, login, started }) => `${String(device)} ${String(login)} ${String(started)}`);
const starts = async (files: Files) => (await analyze([servicesStart], files)).of('service.start');
const wanted = (name: string, text: string): Files => ({
  [`/lib/systemd/system/${name}`]: text,
  [`/etc/systemd/system/multi-user.target.wants/${name}`]: { type: '2', link: `/lib/systemd/system/${name}` },
});

describe('who is let in on a console', () => {
  test.each([
    ['::respawn:/bin/busybox sh', 'none'],
    ['::respawn:setsid -c cttyhack sh', 'none'],
    ['::respawn:/bin/setsid /bin/busybox ash -l', 'none'],
    ['ttyS0::respawn:/bin/hush', 'none'],
    ['ttyS0::respawn:/usr/bin/zsh', 'none'],
    ['ttyS0::respawn:/bin/su -', 'none'],
    ['ttyS0::respawn:/sbin/getty -n -l /usr/bin/auto.sh 115200 ttyS0', 'unknown'],
    ['ttyS0::respawn:/sbin/getty -n -l/bin/sh 115200 ttyS0', 'none'],
    ['ttyS0::respawn:/sbin/getty -l /bin/hush 115200 ttyS0', 'none'],
    ['ttyS0::respawn:/sbin/agetty --autologin=root ttyS0', 'none'],
    ["ttyS0::respawn:/sbin/agetty -o '-f root' ttyS0", 'none'],
    ["ttyS0::respawn:/sbin/agetty -o '-p -- \\\\u' ttyS0", 'password'],
    ['ttyS0::respawn:/sbin/getty -L ttyS0 115200', 'password'],
  ])('%s: %s', async (line, login) => {
    expect((await consoles({ '/etc/inittab': `${line}\n` })).map((row) => row.split(' ')[1])).toEqual([login]);
  });

  test('a login program of getty that is a script is read', async () => {
    const files = (text: string): Files => ({
      '/etc/inittab': 'ttyS0::respawn:/sbin/getty -n -l /usr/bin/auto.sh 115200 ttyS0\n',
      '/usr/bin/auto.sh': { content: text, mode: 0o755 },
    });
    expect(await consoles(files('#!/bin/sh\nexec /bin/sh\n'))).toEqual(['ttyS0 none always']);
    expect(await consoles(files('#!/bin/sh\nexec login\n'))).toEqual(['ttyS0 password always']);
  });

  test('a unit that sits on a terminal, and a getty under another name', async () => {
    expect(
      await consoles(wanted('debug.service', '[Service]\nExecStart=-/bin/sh\nStandardInput=tty\nTTYPath=/dev/ttyS0\n')),
    ).toEqual(['ttyS0 none always']);
    expect(
      await consoles(wanted('con.service', '[Service]\nExecStart = -/sbin/agetty --noclear \\\n  -a root ttyS1\n')),
    ).toEqual(['ttyS1 none always']);
    expect(
      await consoles(
        wanted('ui.service', '[Service]\nExecStart=/usr/bin/menu\nStandardInput=tty\nTTYPath=/dev/ttyS0\n'),
      ),
    ).toEqual(['ttyS0 unknown always']);
  });

  test('a drop-in behind a link counts, in the order of names', async () => {
    const files: Files = {
      '/lib/systemd/system/serial-getty@.service': '[Service]\nExecStart=-/sbin/agetty %I\n',
      '/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service': {
        type: '2',
        link: '/lib/systemd/system/serial-getty@.service',
      },
      '/etc/systemd/system/serial-getty@ttyS0.service.d/a.conf': { type: '2', link: '/opt/a.conf' },
      '/opt/a.conf': '[Service]\nExecStart=\nExecStart=-/sbin/agetty -aroot %I\n',
    };
    expect(await consoles(files)).toEqual(['ttyS0 none always']);
    expect(
      await consoles({
        ...files,
        '/lib/systemd/system/serial-getty@.service.d/b.conf': '[Service]\nExecStart=\nExecStart=-/sbin/agetty %I\n',
      }),
    ).toEqual(['ttyS0 password always']);
  });
});

describe('shells for whoever comes', () => {
  test.each([
    'telnetd -F -l /bin/hush',
    'telnetd -l/bin/sh',
    "utelnetd -p 23 -l '/bin/sh'",
    'busybox telnetd -l sh',
    'nc -ll -p 4444 -e /bin/sh',
    'socat TCP-LISTEN:4444,fork EXEC:/bin/sh',
  ])('%s', async (line) => {
    expect(await starts({ '/etc/init.d/rcS': `#!/bin/sh\n${line}\n` })).toContainEqual(
      expect.objectContaining({ loginless: true, started: 'always' }),
    );
  });

  test('telnetd with a login program is none', async () => {
    const [one] = await starts({ '/etc/init.d/rcS': '#!/bin/sh\ntelnetd -l /bin/login\n' });
    expect(one).toMatchObject({ program: 'telnetd', loginless: false });
  });

  test.each([
    ['inetd', { '/etc/inetd.conf': '4444 stream tcp nowait root /bin/sh sh -i\n' }],
    [
      'inetd /opt/inetd.conf',
      { '/opt/inetd.conf': 'telnet stream tcp nowait root /bin/busybox telnetd -i -l /bin/sh\n' },
    ],
    [
      'xinetd',
      {
        '/etc/xinetd.conf':
          'service telnet\n{\n  disable = no\n  server = /usr/sbin/in.telnetd\n  server_args = -l /bin/sh\n}\n',
      },
    ],
    [
      'xinetd',
      {
        '/etc/xinetd.d/a':
          'service x\n{\n disable = yes\n server = /usr/sbin/in.ftpd\n}\nservice sh\n{\n server = /bin/sh\n}\n',
      },
    ],
  ])('%s %j', async (line, files) => {
    const rows = await starts({ '/etc/init.d/rcS': `#!/bin/sh\n${line}\n`, ...files });
    expect(rows.filter((one) => one['loginless'] === true)).toHaveLength(1);
  });

  test('a file of inetd that was not given leaves open what it starts', async () => {
    const { gaps } = await analyze([servicesStart], { '/etc/init.d/rcS': '#!/bin/sh\ninetd /tmp/inetd.conf\n' });
    expect(gaps.map(({ message }) => message)).toContainEqual(expect.stringContaining('/tmp/inetd.conf'));
  });
});

test('a supervisor that a start line sends to a folder starts what lies there', async () => {
  const rows = await starts({
    '/etc/init.d/rcS': '#!/bin/sh\nrunsvdir /opt/run\n',
    '/opt/run/tel/run': { content: '#!/bin/sh\nexec telnetd -F\n', mode: 0o755 },
  });
  expect(rows).toContainEqual(expect.objectContaining({ program: 'telnetd', started: 'always' }));
});

describe('units as systemd reads them', () => {
  test('lines that go on, and spaces around the sign', async () => {
    const [one] = await starts(
      wanted('t.service', '[Service]\nUser = nobody\nExecStart = /usr/sbin/telnetd \\\n# why\n   -F -l /bin/sh\n'),
    );
    expect(one).toMatchObject({ program: 'telnetd', loginless: true, user: 'other' });
  });

  test('a timer starts its service', async () => {
    const rows = await starts({
      ...wanted('ftp.timer', '[Timer]\nOnBootSec=1\n'),
      '/lib/systemd/system/ftp.service': '[Service]\nExecStart=/usr/sbin/vsftpd\n',
    });
    expect(rows).toContainEqual(expect.objectContaining({ program: 'vsftpd', started: 'always' }));
  });

  test('units under /usr/local are units', async () => {
    const rows = await starts({
      '/usr/local/lib/systemd/system/a.service': '[Service]\nExecStart=/usr/sbin/vsftpd\n',
      '/etc/systemd/system/multi-user.target.wants/a.service': {
        type: '2',
        link: '/usr/local/lib/systemd/system/a.service',
      },
    });
    expect(rows).toContainEqual(expect.objectContaining({ program: 'vsftpd', started: 'always' }));
  });
});
