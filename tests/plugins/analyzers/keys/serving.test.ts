/** Which server of the image shows a key: by its settings, its start line, its default. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keyPrivate } from '../../../../src/facts/index.ts';
import { accountsFirstBoot } from '../../../../src/plugins/analyzers/accounts/first-boot.ts';
import { keysPrivateKeys } from '../../../../src/plugins/analyzers/keys/private-keys.ts';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze, type Files, treeOf } from '../../../support/tree.ts';

const sample = (name: string): Buffer => readFileSync(new URL(`../../../../fixtures/keys/${name}`, import.meta.url));
const INIT = '::sysinit:/etc/init.d/rcS\n';
const keysOf = async (files: Files) =>
  (
    await analyze(
      [servicesStart, accountsFirstBoot, keysPrivateKeys],
      treeOf({ '/etc/inittab': INIT, '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n', ...files }),
    )
  ).of(keyPrivate);

describe('a setting names the key of', () => {
  test.each([
    ['lighttpd', '/etc/lighttpd/lighttpd.conf', 'ssl.engine = "enable"\nssl.pemfile = "/etc/keys/a.pem"\n', 2],
    ['nginx', '/etc/nginx/nginx.conf', 'server {\n  ssl_certificate_key /etc/keys/a.pem;\n}\n', 2],
    ['apache', '/etc/apache2/ssl.conf', 'SSLCertificateKeyFile "/etc/keys/a.pem"\n', 1],
    ['uhttpd', '/etc/config/uhttpd', "config uhttpd main\n\toption key '/etc/keys/a.pem'\n", 2],
    ['mini_httpd', '/etc/mini_httpd.conf', 'ssl\ncertfile=/etc/keys/a.pem\n', 2],
    ['stunnel', '/etc/stunnel/stunnel.conf', '[x]\nkey = /etc/keys/a.pem\n', 2],
    ['haproxy', '/etc/haproxy/haproxy.cfg', 'frontend x\n  bind *:443 ssl crt /etc/keys/a.pem\n', 2],
    ['mosquitto', '/etc/mosquitto/mosquitto.conf', 'listener 8883\nkeyfile /etc/keys/a.pem\n', 2],
    ['vsftpd', '/etc/vsftpd.conf', 'rsa_private_key_file=/etc/keys/a.pem\n', 1],
    ['proftpd', '/etc/proftpd.conf', 'TLSRSACertificateKeyFile /etc/keys/a.pem\n', 1],
    ['hostapd', '/etc/hostapd.conf', 'ieee8021x=1\nprivate_key=/etc/keys/a.pem\n', 2],
    ['wpa_supplicant', '/etc/wpa_supplicant.conf', 'network={\n\tprivate_key="/etc/keys/a.pem"\n}\n', 2],
    ['openvpn', '/etc/openvpn/server.conf', 'cert server.crt\nkey ../keys/a.pem\n', 2],
    ['sshd', '/etc/ssh/sshd_config', 'Port 22\nHostKey /etc/keys/a.pem\n', 2],
    ['dropbear', '/etc/config/dropbear', "config dropbear\n\toption keyfile '/etc/keys/a.pem'\n", 2],
  ])('%s', async (daemon, file, text, line) => {
    const [key, ...more] = await keysOf({ '/etc/keys/a.pem': sample('rsa.pem'), [file]: text });
    expect(more).toEqual([]);
    expect(key?.service).toMatchObject({ daemon, file, line, started: 'never' });
    expect(key).toMatchObject({ place: 'system', referenced: true, referencedBy: file });
    expect(key?.purpose).not.toBe('unknown');
  });
});

test('whether the server starts is told', async () => {
  const [key] = await keysOf({
    '/etc/keys/a.pem': sample('rsa.pem'),
    '/etc/lighttpd/lighttpd.conf': 'ssl.pemfile = "/etc/keys/a.pem"\n',
    '/usr/sbin/lighttpd': 'x',
    '/etc/init.d/rcS': '#!/bin/sh\nlighttpd -f /etc/lighttpd/lighttpd.conf\n',
  });
  expect(key).toMatchObject({ purpose: 'tls-server', service: { daemon: 'lighttpd', started: 'always' } });
});

test('a start line names it, of a known server and of a vendor’s own', async () => {
  const keys = await keysOf({
    '/etc/keys/host': sample('dropbear-rsa'),
    '/etc/keys/web.pem': sample('ec.pem'),
    '/usr/sbin/dropbear': 'x',
    '/usr/bin/camd': 'x',
    '/etc/init.d/rcS': '#!/bin/sh\ndropbear -r /etc/keys/host\n/usr/bin/camd --tls-key=/etc/keys/web.pem &\n',
  });
  expect(keys.find(({ file }) => file === '/etc/keys/host')?.service).toMatchObject({
    daemon: 'dropbear',
    setting: '-r',
    file: '/etc/init.d/rcS',
    line: 2,
  });
  expect(keys.find(({ file }) => file === '/etc/keys/web.pem')?.service).toMatchObject({
    daemon: 'camd',
    setting: '--tls-key',
  });
});

test('a server takes the keys of its default where nothing names others', async () => {
  const host = { '/etc/ssh/ssh_host_rsa_key': sample('openssh-rsa'), '/usr/sbin/sshd': 'x' };
  expect((await keysOf(host))[0]?.service).toEqual({ daemon: 'sshd', setting: 'default', started: 'never' });
  const named = { ...host, '/etc/ssh/sshd_config': 'HostKey /data/host_key\n' };
  expect((await keysOf(named))[0]?.service).toBeUndefined();
  expect((await keysOf({ '/etc/ssh/ssh_host_rsa_key': sample('openssh-rsa') }))[0]?.service).toBeUndefined();
});

test('a key of an authority stays one though a server uses it', async () => {
  const [key] = await keysOf({
    '/etc/ssl/ca.key': sample('rsa.pem'),
    '/etc/lighttpd/lighttpd.conf': 'ssl.privkey = "/etc/ssl/ca.key"\n',
  });
  expect(key).toMatchObject({ purpose: 'authority', service: { daemon: 'lighttpd' } });
});

test('a key within the settings of a tunnel is that tunnel’s', async () => {
  const key = sample('wireguard.key').toString();
  const [found] = await keysOf({ '/etc/wireguard/wg0.conf': `[Interface]\nPrivateKey = ${key}` });
  expect(found?.service).toMatchObject({ daemon: 'wireguard', setting: 'within its settings' });
});
