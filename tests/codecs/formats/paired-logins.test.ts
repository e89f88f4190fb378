/** Logins of Ralink's defaults and of OpenWrt's sections. */
import { expect, test } from 'vitest';
import { ralinkLogin, uciLogins } from '../../../src/codecs/formats/paired-logins.ts';

test('the defaults of a Ralink router preset a login', () => {
  const text = 'Default\nWebInit=1\nLogin=admin\nPassword=ralink\nSSID1=Home\n';
  expect(ralinkLogin(text)).toEqual([
    { account: 'admin', value: { state: 'usable', scheme: 'plain', plain: 'ralink' }, line: 4 },
  ]);
  expect(ralinkLogin('Login=admin\nPassword=x\n')).toEqual([]);
  expect(ralinkLogin('WebInit=1\nLogin=admin\nPassword=\n')).toEqual([]);
});

test('sections of rpcd and of TR-069 clients preset logins; one that names an account of the system does not', () => {
  const text = [
    'config login',
    "\toption username 'root'",
    "\toption password '$p$root'",
    'config login',
    "\toption username 'support'",
    "\toption password '$1$abcdefgh$irWbblnpmw.5z7wgBnprh0'",
    'config cpe',
    "\toption username 'itms'",
    "\toption password 'itms'",
    'config acs',
    "\toption username 'x'",
    "\toption password 'y'",
  ].join('\n');
  expect(uciLogins(text).map(({ account, value, line }) => [account, value.scheme, line])).toEqual([
    ['support', 'md5crypt', 6],
    ['itms', 'plain', 9],
  ]);
});
