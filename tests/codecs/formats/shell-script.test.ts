import { expect, test } from 'vitest';
import { readScript } from '../../../src/codecs/formats/shell-script.ts';

const told = (text: string, present: readonly string[] = []) =>
  readScript(text, (path) => present.includes(path)).map(
    (one) => [one.words.join(' '), one.line, one.condition] as const,
  );

test('plain commands run always', () => {
  expect(told('#!/bin/sh\n# telnetd -l /bin/sh\ntelnetd -l /bin/login &\n')).toEqual([
    ['telnetd -l /bin/login', 3, undefined],
  ]);
});

test('what stands in an if hangs on it, unless it only asks for what the image has', () => {
  expect(told('if [ "$DEBUG" = 1 ]; then\n telnetd\nfi\ndropbear')).toEqual([
    ['telnetd', 2, '[ "$DEBUG" = 1 ]'],
    ['dropbear', 4, undefined],
  ]);
  expect(told('if [ -x /usr/sbin/telnetd ]; then\n telnetd\nfi', ['/usr/sbin/telnetd'])).toEqual([
    ['telnetd', 2, undefined],
  ]);
});

test('start of a case on the first argument runs at boot, stop does not', () => {
  expect(told('case "$1" in\n start)\n  dropbear\n  ;;\n stop)\n  killall dropbear\n  ;;\nesac\nlighttpd')).toEqual([
    ['dropbear', 3, undefined],
    ['lighttpd', 9, undefined],
  ]);
});

test('an early exit leaves the rest on its condition', () => {
  expect(told('[ "$ENABLED" = 1 ] || exit 0\ntelnetd')).toEqual([
    ['telnetd', 2, expect.stringContaining('ENABLED') as unknown as string],
  ]);
  expect(told('[ -f /etc/a ] || exit 0\ntelnetd', ['/etc/a'])).toEqual([['telnetd', 2, undefined]]);
});

test('variables that the script sets are put in their place', () => {
  expect(told('PROG=/usr/sbin/dropbear\nstart() {\n  procd_set_param command "$PROG" -F\n}')).toEqual([
    ['procd_set_param command /usr/sbin/dropbear -F', 3, undefined],
  ]);
});

test('a hostile script of nested blocks and long lines is read in bounded time', () => {
  const started = process.hrtime.bigint();
  readScript(`${'if [ a ]; then\n'.repeat(20_000)}${'x'.repeat(1 << 20)}`, () => false);
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(5000);
});

test('a group of commands after a test hangs on the test, and its bracket ends no function', () => {
  expect(told('start_debug() {\n [ -n "$A" ] && {\n  logger x\n  telnetd\n }\n adbd\n}\ndropbear')).toEqual([
    ['logger x', 3, '[ -n "$A" ] and the function start_debug is called'],
    ['telnetd', 4, '[ -n "$A" ] and the function start_debug is called'],
    ['adbd', 6, 'the function start_debug is called'],
    ['dropbear', 8, undefined],
  ]);
  expect(told('[ -n "$A" ] || (\n telnetd\n)\ndropbear')).toEqual([
    ['telnetd', 2, 'not [ -n "$A" ]'],
    ['dropbear', 4, undefined],
  ]);
  expect(told('[ -n "$A" ] && ( cd /tmp; telnetd ) &\ndropbear').slice(1)).toEqual([
    ['telnetd', 1, '[ -n "$A" ]'],
    ['dropbear', 2, undefined],
  ]);
});

test('a return in a group leaves the rest of its function on the opposite', () => {
  expect(told('start() {\n [ "$MODE" = off ] && {\n  return\n }\n telnetd\n}')).toEqual([
    ['telnetd', 5, 'not [ "$MODE" = off ]'],
  ]);
  expect(told('start()\n{\n { telnetd; }\n dropbear\n}\nlighttpd')).toEqual([
    ['telnetd', 3, undefined],
    ['dropbear', 4, undefined],
    ['lighttpd', 6, undefined],
  ]);
});

test('what is run in the place of the script is not come back from', () => {
  expect(told('if mount /dev/sda /mnt; then\n exec switch_root /mnt /sbin/init\nfi\nexec sh')).toEqual(
    [
      ['mount /dev/sda /mnt', 1, undefined],
      ['exec switch_root /mnt /sbin/init', 2, 'mount /dev/sda /mnt'],
      ['exec sh', 4, 'not mount /dev/sda /mnt'],
    ].slice(1),
  );
  expect(told('exec 2>/dev/null\nexec </dev/console\nexec /sbin/init\ntelnetd').at(-1)?.[0]).toBe('exec /sbin/init');
  expect(told('[ -z "$PREINIT" ] && exec /sbin/init\nuhttpd')).toEqual([['uhttpd', 2, undefined]]);
});

test('a test on the first argument is one on what a start script is run for', () => {
  expect(
    told('if [ "$1" == "start" ]; then\n telnetd\nfi\n[ "x$1" = "xstop" ] && adbd\n[ "$1" = eth0 ] && dropbear'),
  ).toEqual([
    ['telnetd', 2, undefined],
    ['dropbear', 5, '[ "$1" = eth0 ]'],
  ]);
});

test('what stands in braces behind a test hangs on it, and its brace does not end the function around it', () => {
  const guarded = 'start() {\n [ $on -ne 1 ] && return\n [ "$a" != b ] && {\n  uci commit\n }\n serverd\n}\nstart\n';
  expect(told(guarded)).toContainEqual(['serverd', 6, 'not [ $on -ne 1 ]']);
  expect(told(guarded)).toContainEqual([
    'uci commit',
    4,
    expect.stringContaining('[ "$a" != b ]') as unknown as string,
  ]);
  expect(told('[ "$DEBUG" = 1 ] && { echo debug; telnetd; }\ndropbear')).toEqual([
    ['echo debug', 1, '[ "$DEBUG" = 1 ]'],
    ['telnetd', 1, '[ "$DEBUG" = 1 ]'],
    ['dropbear', 2, undefined],
  ]);
  expect(told('[ -x /bin/x ] || {\n echo none\n exit 1\n}\ntelnetd', ['/bin/x'])).toEqual([['telnetd', 5, undefined]]);
  expect(told('run()\n{\n telnetd\n}\nrun\ndropbear')).toContainEqual(['telnetd', 3, undefined]);
  expect(told("show() {\n awk '\n  { print $1 }\n ' f\n}\ndropbear")).toContainEqual(['dropbear', 6, undefined]);
});

test('nothing runs yet when a start script asks whether it does', () => {
  const status = 'start() {\n if dropbear_status\n then\n  echo running\n else\n  dropbear\n fi\n}\nstart\n';
  expect(told(status)).toContainEqual(['dropbear', 6, undefined]);
  expect(told(status).map(([words]) => words)).not.toContain('echo running');
  expect(told('pidof telnetd || telnetd\n')).toContainEqual(['telnetd', 1, undefined]);
  expect(told('if [ -z "$(pidof boa)" ]; then\n boa\nfi')).toContainEqual(['boa', 2, undefined]);
  expect(told('if ! pgrep httpd >/dev/null; then\n httpd\nfi')).toContainEqual(['httpd', 2, undefined]);
  expect(told('[ -f /var/run/x.pid ] && exit 0\nx -d')).toEqual([['x -d', 2, undefined]]);
  expect(told('if [ $# -lt 1 ]; then\n exit 1\nfi\nx')).toEqual([['x', 4, undefined]]);
  expect(told('if [ -f /mnt/pid ]; then\n x\nfi')).toContainEqual(['x', 2, '[ -f /mnt/pid ]']);
});

test('a program of the folder that a cd went to, and the files that a loop finds', () => {
  expect(told('cd /app\n./run.sh &\ncd ..\n./other')).toContainEqual(['/app/run.sh', 2, undefined]);
  expect(told('cd ..\n./other')).toContainEqual(['./other', 2, undefined]);
  const loop = (list: string) => `for i in ${list}; do\n case "$i" in\n S*|*.sh) . $i ;;\n *) $i start ;;\n esac\ndone`;
  expect(told(loop("$(/opt/bin/find /opt/etc/init.d/ -perm '-u+x' -name 'S*' | sort -r)"))).toContainEqual([
    '/opt/etc/init.d/S* start',
    4,
    undefined,
  ]);
  expect(told(loop('`ls /etc/rc.d/S*`'))).toContainEqual(['/etc/rc.d/S* start', 4, undefined]);
});

test('keys that are made once, and settings that OpenWrt looks over, hold up no start', () => {
  const script = `#!/bin/sh /etc/rc.common
check() {
	validate_section_server "$1" || {
		echo "validation failed"
		return 1
	}
	server -F
}
keygen() {
	[ -s /etc/server/key ] || {
		serverkey -f /tmp/key && exec /etc/rc.common "$initscript" start
		exit 0
	}
}
start() {
	keygen
	check
}
`;
  expect(told(script).find(([command]) => command === 'server -F')).toEqual(['server -F', 7, undefined]);
  const other = script.replaceAll('validate_section_server', 'is_wanted').replaceAll('keygen', 'look');
  expect(told(other).find(([command]) => command === 'server -F')?.[2]).toContain('is_wanted');
});
