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

test('a listener of mosquitto that only the machine itself reaches needs no certificate', async () => {
  const near = 'listener 1883 127.0.0.1\nlistener 0 /run/mosquitto.sock\nallow_anonymous false\n';
  expect(await weak({ '/etc/mosquitto/mosquitto.conf': near })).toEqual([]);
  expect(await weak({ '/etc/mosquitto/mosquitto.conf': `${near}listener 1884\n` })).toEqual([
    'mosquitto tls yes default',
  ]);
});

test('options of dropbear that stand in a variable were not seen', async () => {
  const script = '#!/bin/sh\n/usr/sbin/dropbear $OPTIONS\n';
  expect(await weak({ '/etc/init.d/rcS': script })).toEqual([
    'dropbear password-login unknown line 2',
    'dropbear root-login unknown line 2',
  ]);
  const read = { '/etc/init.d/rcS': script.replace('/usr', '. /etc/default/dropbear\n/usr') };
  expect(await weak({ ...read, '/etc/default/dropbear': 'OPTIONS="-s -w"\n' })).toEqual([]);
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
    '/etc/init.d/S10': '#!/bin/sh\nsyslogd -R 192.0.2.1\niptables -P INPUT DROP\niptables -P INPUT ACCEPT\n',
    '/etc/init.d/rcS': '#!/bin/sh\nfor i in /etc/init.d/S*; do $i start; done\n',
  });
  expect(of('service.logging')).toEqual([{ started: true, program: 'syslogd', remote: true }]);
  // The last one counts.
  expect(of('service.firewall')).toEqual([expect.objectContaining({ present: true, inputPolicy: 'accept' })]);
});

const settingsOf = async (files: Parameters<typeof analyze>[1]) =>
  (await analyze([servicesSettings], files))
    .of('service.setting')
    .map(
      ({ daemon, setting, weak, active, line }) =>
        `${String(daemon)} ${String(setting)} ${weak === true ? 'weak' : 'sound'} ${String(active)} ${String(line ?? '-')}`,
    );

test.each([
  [
    '/etc/proftpd.conf',
    'TLSEngine on\nUser nobody\n<Anonymous ~ftp>\n</Anonymous>\n',
    [
      'proftpd tls sound no 1',
      'proftpd root-login sound no -',
      'proftpd user sound no 2',
      'proftpd anonymous weak no 3',
    ],
  ],
  ['/etc/dnsmasq.conf', '#enable-tftp\nuser=nobody\n', ['dnsmasq user sound no 2']],
  ['/etc/dnsmasq.conf', 'enable-tftp\n', ['dnsmasq tftp weak no 1']],
  ['/etc/mini_httpd.conf', 'user=root\n', ['mini-httpd user weak no 1']],
  [
    '/web/route.txt',
    'route uri=/cgi auth=basic\nroute uri=/ auth=form\n',
    ['goahead login weak no 1', 'goahead login sound no 2'],
  ],
  [
    '/etc/config/easycwmp',
    "config acs\n\toption url 'http://acs.isp.net:7547/'\n\toption ssl_verify '0'\n",
    ['cwmp tls weak no 2', 'cwmp certificate-check weak no 3'],
  ],
  [
    '/etc/apache2/ssl.conf',
    'SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1\nSSLCipherSuite HIGH:!aNULL:!MD5:-RC4\n',
    ['apache tls-floor sound no 1', 'apache weak-ciphers sound no 2'],
  ],
  [
    '/etc/lighttpd/lighttpd.conf',
    'ssl.cipher-list = "ECDHE-RSA-RC4-SHA:HIGH"\n',
    ['lighttpd weak-ciphers weak no 1', 'lighttpd directory-listing sound no -', 'lighttpd user weak no -'],
  ],
])('%s is read by its own grammar: %j', async (name, content, expected) => {
  expect(await settingsOf({ '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n', [name]: content })).toEqual(expected);
});

test('dropbear of OpenWrt takes its settings from UCI, not from a start line that a script completes', async () => {
  const files = (config: string) => ({
    '/etc/rc.common': '#!/bin/sh\n',
    '/etc/rc.d/S50dropbear': { type: '2' as const, link: '../init.d/dropbear' },
    '/etc/init.d/dropbear':
      '#!/bin/sh /etc/rc.common\nstart_service() {\n procd_set_param command /usr/sbin/dropbear -F\n [ "$PasswordAuth" -eq 0 ] && procd_append_param command -s\n}\n',
    '/etc/config/dropbear': config,
  });
  expect(
    await settingsOf(files("config dropbear\n\toption PasswordAuth 'off'\n\toption RootPasswordAuth 'off'\n")),
  ).toEqual(['dropbear password-login sound yes 2', 'dropbear root-login sound yes 3']);
  expect(await settingsOf(files("config dropbear\n\toption Port '22'\n"))).toEqual([
    'dropbear password-login weak yes 1',
    'dropbear root-login weak yes 1',
  ]);
});

test('a server for remote management in a router’s tree is told where it is reached in clear', async () => {
  const tree = (url: string): string => `<Config>\n<ManagementServer EnableCWMP="1" URL="${url}"/>\n</Config>`;
  expect(await weak({ '/etc/hw_ctree.xml': tree('http://acs.example.net') })).toEqual(['cwmp tls no line 2']);
  expect(await weak({ '/etc/hw_ctree.xml': tree('https://acs.example.net') })).toEqual([]);
});
