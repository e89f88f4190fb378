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
