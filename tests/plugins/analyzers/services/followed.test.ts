import { expect, test } from 'vitest';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze } from '../../../support/analyze.ts';

test('a server that a second tree of start scripts brings, and one of a folder that boot changes to, are started', async () => {
  const run = (content: string) => ({ content, mode: 0o755 });
  const { of } = await analyze([servicesStart], {
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\nttyS000::once:/bin/mylogin ttyS000 115200\nttyS1::once:/bin/setup\n',
    '/etc/init.d/rcS': '#!/bin/sh\nfor s in /etc/init.d/S??*; do $s start; done\n',
    '/etc/init.d/S91app':
      '#!/bin/sh\nif [ $flag -eq 1 ]\nthen\n cd /app\n ./initrun.sh\nelse\n mount -a\n cd /app\n ./initrun.sh\nfi\n',
    '/app/initrun.sh': run('#!/bin/sh\n/usr/sbin/boa -f /etc/boa.conf\n[ -f /config/.Debug ] && telnetd\n'),
    '/etc/init.d/S92entware': '#!/bin/sh\n/opt/etc/init.d/rc.unslung start\n',
    '/opt/etc/init.d/rc.unslung': run(
      "#!/bin/sh\nfor i in $(find /opt/etc/init.d/ -perm '-u+x' -name 'S*' | sort ) ;\ndo\n case \"$i\" in\n  S* | *.sh )\n   . $i $1\n   ;;\n  *)\n   $i $1\n   ;;\n esac\ndone\n",
    ),
    '/opt/etc/init.d/S51dropbear': run(
      '#!/bin/sh\nD="/opt/sbin/dropbear"\nstart()\n{\n\t$D -p $PORT\n}\ncase "$1" in\n\tstart)\n\t\tif dropbear_status\n\t\tthen\n\t\t\techo runs\n\t\telse\n\t\t\tstart\n\t\tfi\n\t\t;;\nesac\n',
    ),
    '/bin/mylogin': '#!/bin/sh\nif [ "$a" -eq 1 ]\nthen\n\t/bin/sh\nelse\n\t/bin/login;\nfi\n',
    '/bin/setup': '#!/bin/sh\nifconfig lo up\n',
  });
  const starts = of('service.start').map(
    (one) => `${String(one['started'])} ${String(one['program'])} ${String(one['manager'])} ${String(one['user'])}`,
  );
  expect(starts).toContain('always boa sysv root');
  expect(starts).toContain('always dropbear sysv root');
  expect(starts).toContain('unknown telnetd sysv root');
  expect(of('boot.console')).toEqual([
    expect.objectContaining({ device: 'ttyS000', login: 'unknown', started: 'always' }),
  ]);
});
