/** Scripts and settings that are made to keep the readers of update clients busy are read in time that grows with their length; passwords in them are not told. */
import { expect, test } from 'vitest';
import { updatesClient } from '../../../../src/plugins/analyzers/updates/client.ts';
import { clientsOf } from '../../../../src/plugins/analyzers/updates/clients.ts';
import { habitOf, pathsIn } from '../../../../src/plugins/analyzers/updates/habits.ts';
import { unverifiedIn } from '../../../../src/plugins/analyzers/updates/unverified.ts';
import { analyze } from '../../../support/analyze.ts';

const took = (work: () => unknown): number => {
  const before = performance.now();
  work();
  return performance.now() - before;
};
const NONE = (): ReadonlySet<string> => new Set();

test.each([
  ['/etc/x.sh', `#!/bin/sh\n${'usign '.repeat(40_000)}`],
  ['/etc/x.sh', `#!/bin/sh\n${'apk '.repeat(50_000)}`],
  ['/etc/swupdate.cfg', '/* '.repeat(80_000)],
  ['/etc/ostree/remotes.d/a.conf', '\n'.repeat(100_000)],
  ['/etc/ostree/remotes.d/a.conf', `[remote "x"]${'\n'.repeat(100_000)}`],
  ['/etc/rauc/system.conf', '\n'.repeat(100_000)],
])('%s of many words or lines', (name, text) => {
  expect(took(() => clientsOf(name, text))).toBeLessThan(6000);
});

test('one piece of a line with many variables and redirections, or options', () => {
  const logs = `logger ${'echo '.repeat(60)}${'$psk'.repeat(60)}${'>'.repeat(600)};`;
  expect(took(() => habitOf(logs, NONE))).toBeLessThan(1000);
  expect(took(() => unverifiedIn(`curl ${'curl '.repeat(300)} -${'k'.repeat(1500)}!`, '/x'))).toBeLessThan(1000);
});

test('many lines that log a secret: the variables that name files are found once', async () => {
  const text = `#!/bin/sh\n${'echo $password > /a.log\n'.repeat(60_000)}`;
  const before = performance.now();
  const { of } = await analyze([updatesClient], { '/etc/init.d/S99': text });
  expect(of('service.script')).toHaveLength(60_000);
  expect(performance.now() - before).toBeLessThan(20_000);
});

test.each([
  ['logger "psk is $WIFI_PSK"', 'secret-in-log'],
  ['echo "$password" >> /var/log/x.log; true', 'secret-in-log'],
  ['echo $password > /dev/console | cat', 'secret-in-log'],
  ['echo $secret > /tmp/x; cat /tmp/a.log', undefined],
  ['echo hello > /tmp/a.log; use $password', undefined],
  ['logger "$PASSWORD_FILE is there"', undefined],
])('%s', (line, habit) => {
  expect(habitOf(line, () => pathsIn('PASSWORD_FILE=/etc/secret\n'))).toBe(habit);
});

test('the password of an address is not told', async () => {
  const address = 'http://fw:hunter22@x.vendor.com';
  const { facts } = await analyze([updatesClient], {
    '/etc/init.d/S99update': `#!/bin/sh\nwget -O - ${address}/a | sh\nwget ${address}/b\n`,
    '/etc/config/fwupdate': `option server '${address}/fw'\n`,
  });
  expect(facts.length).toBeGreaterThan(2);
  expect(JSON.stringify(facts)).not.toContain('hunter22');
});

test('a remark that ends is none of the settings of swupdate, what stands behind it is', () => {
  const check = (text: string) => clientsOf('/etc/swupdate.cfg', text)[0]?.check;
  expect(check('/* public-key-file = "x" */ globals: {}')).toBe('unknown');
  expect(check('/* a /* b */ public-key-file = "/etc/k.pem";')).toBe('on');
});
