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
    const starter = built('b', '#include <stdlib.h>\nint main(){return system("vendord &");}');
    const files = {
      '/etc/init.d/rcS': '#!/bin/sh\nmain &\n',
      '/usr/bin/main': { content: starter, mode: 0o755 },
      '/usr/bin/vendord': { content: listener, mode: 0o755 },
      '/usr/bin/otherd': { content: listener, mode: 0o755 },
    };
    const { of } = await analyze([servicesStart], files);
    expect(of('service.start').map((one) => [one['program'], one['kind'], one['started']])).toEqual([
      ['main', 'other', 'always'],
      ['vendord', 'unknown', 'unknown'],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
