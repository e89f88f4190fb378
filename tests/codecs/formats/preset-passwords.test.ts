/** Passwords in settings and scripts: forms that say so, and none else. */
import { expect, test } from 'vitest';
import { busyboxLine, presetLine, scriptLine } from '../../../src/codecs/formats/preset-passwords.ts';

test.each([
  ['http_passwd=admin', 'admin admin'],
  ['login_password = "Zte521"', 'admin Zte521'],
  ["option admin_password 's3cret'", 'admin s3cret'],
  ['telnet_pwd: 1234', 'telnet 1234'],
  ['<AdminPassword>1234</AdminPassword>', 'admin 1234'],
  ['<X_UserInfo UserName="telecomadmin" Level="0" Password="admintelecom"/>', 'telecomadmin admintelecom'],
])('%s presets a password', (line, told) => {
  const found = presetLine(line);
  expect(`${found?.account} ${found?.plain}`).toBe(told);
});

test.each([
  'http_passwd=',
  'http_passwd=$PASS',
  'admin_password=%s',
  '# http_passwd=admin',
  'wpa_psk=whatever',
  'password_file=/etc/passwd',
  'smtp_password=x',
  'ddns_passwd=foo',
  '<AdminPassword></AdminPassword>',
  'http_passwd=********',
  'login_password_min=8',
  'admin_pwd=d41d8cd98f00b204e9800998ecf8427e',
])('%s presets none that is told', (line) => {
  expect(presetLine(line)).toBeUndefined();
});

test('a hash in settings is told by its scheme', () => {
  expect(presetLine('admin_password=$1$ybdHbPDn$ii9aEIFNiolBbM9QxW9mr0')).toMatchObject({ scheme: 'md5crypt' });
});

test.each([
  ['telnetd -l /usr/sbin/login -u Alphanetworks:wrgn23 -i br0 &', 'Alphanetworks wrgn23'],
  ['echo "root:solokey" | chpasswd', 'root solokey'],
  ['(echo hi3518; echo hi3518) | passwd root', 'root hi3518'],
  ["echo -e 'abc\\nabc' | passwd", 'root abc'],
])('%s is a password of a script', (line, told) => {
  const found = scriptLine(line);
  expect(`${found?.account} ${found?.plain}`).toBe(told);
});

test.each([
  'echo "root:$PASS" | chpasswd',
  '# echo root:x1 | chpasswd',
  'telnetd -l /bin/sh',
  'echo "usage: a:b" | cat',
  '(echo $p; echo $p) | passwd root',
])('%s is none', (line) => {
  expect(scriptLine(line)).toBeUndefined();
});

test('a variable is left to who can read the file that fills it', () => {
  expect(scriptLine('telnetd -u Alphanetworks:$image_sign &')).toMatchObject({ from: 'image_sign' });
});

test('BusyBox httpd protects folders with a user and a password', () => {
  expect(busyboxLine('/cgi-bin:root:toor')).toMatchObject({ account: 'root', plain: 'toor' });
  expect(busyboxLine('/adm:*:x')).toBeUndefined();
  expect(busyboxLine('*.php:/usr/bin/php')).toBeUndefined();
});
