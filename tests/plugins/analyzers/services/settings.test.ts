import { expect, test } from 'vitest';
import { servicesSettings } from '../../../../src/plugins/analyzers/services/settings.ts';
import { analyze } from '../../../support/analyze.ts';

const weak = async (files: Parameters<typeof analyze>[1]) => {
  const { of } = await analyze([servicesSettings], {
    '/etc/init.d/rcS':
      '#!/bin/sh\n/usr/sbin/sshd\n/usr/sbin/mosquitto\nlighttpd -f /etc/lighttpd/lighttpd.conf\n[ "$A" = 1 ] && vsftpd\n',
    ...files,
  });
  return of('service.setting')
    .filter((one) => one['weak'] === true)
    .map(
      (one) =>
        `${String(one['daemon'])} ${String(one['setting'])} ${String(one['active'])} ${one['byDefault'] === true ? 'default' : `line ${String(one['line'])}`}`,
    );
};

test('settings of sshd are read by the first line that sets them, and by its defaults', async () => {
  expect(
    await weak({
      '/etc/ssh/sshd_config':
        '# PermitRootLogin no\nPermitRootLogin yes\nPermitRootLogin no\nCiphers aes128-ctr,3des-cbc\n',
    }),
  ).toEqual(['sshd root-login yes line 2', 'sshd password-login yes default', 'sshd weak-ciphers yes line 4']);
});

test('a plain anonymous listener of mosquitto is weak twice', async () => {
  expect(await weak({ '/etc/mosquitto/mosquitto.conf': 'listener 1883\nallow_anonymous true\n' })).toEqual([
    'mosquitto anonymous yes line 2',
    'mosquitto tls yes default',
  ]);
});

test('a hardened lighttpd has nothing weak', async () => {
  expect(
    await weak({
      '/etc/lighttpd/lighttpd.conf':
        'server.username = "www"\nssl.engine = "enable"\ndir-listing.activate = "disable"\n',
    }),
  ).toEqual([]);
});

test('a daemon that hangs on a condition is not known to be active', async () => {
  expect(await weak({ '/etc/vsftpd.conf': 'anonymous_enable=YES\nssl_enable=YES\n' })).toEqual([
    'vsftpd anonymous unknown line 1',
  ]);
});

test('dropbear takes its settings from the start line', async () => {
  const { of } = await analyze([servicesSettings], {
    '/etc/init.d/S50': '#!/bin/sh\ndropbear -s -R\n',
    '/etc/init.d/rcS': '#!/bin/sh\nx\n',
  });
  expect(of('service.setting').map((one) => [one['setting'], one['weak']])).toEqual([
    ['password-login', false],
    ['root-login', false],
    ['empty-passwords', false],
  ]);
});

test('the firewall policy and the log are told', async () => {
  const { of } = await analyze([servicesSettings], {
    '/etc/init.d/S10': '#!/bin/sh\nsyslogd -R 192.0.2.1\niptables -P INPUT ACCEPT\niptables -P INPUT DROP\n',
    '/etc/init.d/rcS': '#!/bin/sh\nx\n',
  });
  expect(of('service.logging')).toEqual([{ started: true, program: 'syslogd', remote: true }]);
  expect(of('service.firewall')).toEqual([expect.objectContaining({ present: true })]);
});
