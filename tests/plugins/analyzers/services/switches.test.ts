import { expect, test } from 'vitest';
import { servicesSwitches } from '../../../../src/plugins/analyzers/services/switches.ts';
import { analyze } from '../../../support/analyze.ts';

const switchesIn = async (script: string) =>
  (await analyze([servicesSwitches], { '/etc/init.d/S99': `#!/bin/sh\n${script}\n`, '/usr/sbin/telnetd': 'x' }))
    .of('service.script')
    .map((one) => [one['kind'], one['line']]);

test.each([
  ['[ "$(nvram get telnet_enable)" = 1 ] && telnetd -l /bin/sh'],
  ['if [ -f /mnt/sdcard/debug ]; then telnetd; fi'],
  ['[ -e /data/adb_en ] && {', '/usr/bin/adbd &', '}'],
  ['grep -q factory /proc/cmdline && telnetd', 'if [ "$factory_mode" = 1 ]; then telnetd; fi'],
  ['if [ "$DEBUG" = 1 ]; then dropbear -B; fi'],
])('%s is a switch', async (...lines) => {
  expect(await switchesIn(lines.join('\n'))).toEqual([['debug-switch', lines.length === 3 ? 3 : lines.length + 1]]);
});

test.each([
  ['telnetd'],
  ['[ -x /usr/sbin/telnetd ] && telnetd'],
  ['[ -x /opt/sbin/telnetd ] && /opt/sbin/telnetd'],
  ['[ "$ENABLE" = 1 ] && dropbear'],
  ['[ -f /data/flag ] && httpd'],
  ['[ -f /data/flag ] && echo telnetd'],
  ['[ "$DEBUG" = 1 ] && nc 10.0.0.1 99'],
])('%s is none', async (line) => {
  expect(await switchesIn(line)).toEqual([]);
});

test('a script that is too long is told; a picture beside the scripts is none', async () => {
  const look = (content: string | Buffer) => analyze([servicesSwitches], { '/etc/init.d/S99': content });
  expect((await look(`#!/bin/sh\n${'# x\n'.repeat(300_000)}`)).gaps).toHaveLength(1);
  expect((await look(Buffer.alloc(2 << 20, 'a\0'))).gaps).toEqual([]);
});
