/** What of the accounts of an image was not seen leaves open who may log in. */
import { describe, expect, test } from 'vitest';
import { accountPassword, accountPrivilege } from '../../../../src/facts/index.ts';
import { accountsFirstBoot } from '../../../../src/plugins/analyzers/accounts/first-boot.ts';
import { accountsPasswords } from '../../../../src/plugins/analyzers/accounts/passwords.ts';
import { accountsPrivileges } from '../../../../src/plugins/analyzers/accounts/privileges.ts';
import { servicesStart } from '../../../../src/plugins/analyzers/services/start.ts';
import { analyze, type Files, treeOf } from '../../../support/tree.ts';

const run = async (files: Files) => analyze([servicesStart, accountsFirstBoot, accountsPasswords], treeOf(files));
const QUIET = { '/etc/inittab': '::sysinit:/etc/init.d/rcS\n', '/etc/init.d/rcS': '#!/bin/sh\nmount -a\n' };
const HASH = '$1$abcdefgh$0123456789012345678901';
const messages = async (files: Files) =>
  (await run({ ...QUIET, ...files })).gaps
    .map(({ unseen: { message } }) => message)
    .filter((one) => /passwd|shadow|account/.test(one));

describe('an image whose accounts are not there', () => {
  test('passwd leads to what boot makes', async () => {
    expect(await messages({ '/etc/passwd': { target: '/var/passwd' } })).toEqual([
      '/etc/passwd leads to /var/passwd, which no file system that was given holds: who may log in is not known',
    ]);
  });
  test('there is none at all', async () => {
    expect(await messages({ '/etc/hostname': 'x' })).toEqual([
      'there is no /etc/passwd: which accounts there are is not known',
    ]);
  });
  test('Android has none', async () => {
    expect(await messages({ '/system/build.prop': 'x' })).toEqual([]);
  });
  test('a passwd and a shadow are enough', async () => {
    expect(await messages({ '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n', '/etc/shadow': 'root:*:1::::::\n' })).toEqual(
      [],
    );
  });
});

test.each([
  ['/etc/shadow', `root:${HASH}\n`],
  ['/etc/shadow', `root:${HASH}:later:0:99999:7:::\n`],
  ['/etc/passwd', 'root::0:0\n'],
])('a line of %s that is no account as the others is not passed over: %j', async (name, text) => {
  const files = {
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
    '/etc/shadow': '# none\n+::::::::\nroot:*:1::::::\n',
    [name]: text,
  };
  expect((await messages(files)).some((one) => one.startsWith('line 1 is no account'))).toBe(true);
});

test('a database behind a link is the one that counts', async () => {
  const { of } = await run({
    ...QUIET,
    '/etc/inittab': '::sysinit:/etc/init.d/rcS\nttyS0::respawn:/sbin/getty ttyS0\n',
    '/etc/passwd': { target: '/rom/passwd' },
    '/rom/passwd': `root:${HASH}:0:0::/root:/bin/sh\n`,
  });
  expect(of(accountPassword)).toEqual([expect.objectContaining({ canLogIn: 'yes', inForce: 'yes' })]);
});

test.each(['httpd -p 80', 'uhttpd -f'])('%s may ask the passwords of the system', async (line) => {
  const { of } = await run({
    ...QUIET,
    '/etc/init.d/rcS': `#!/bin/sh\n${line}\n`,
    '/etc/passwd': `root:${HASH}:0:0::/root:/bin/sh\n`,
  });
  expect(of(accountPassword)[0]?.canLogIn).toBe('unknown');
});

test('a user by number, and no password for anybody', async () => {
  const { of } = await analyze(
    [accountsPrivileges],
    treeOf({
      '/etc/sudoers': '# a comment\n#1000 ALL=(ALL) NOPASSWD: ALL\nDefaults !authenticate\nDefaults env_reset\n',
    }),
  );
  expect(
    of(accountPrivilege).map(({ who, withoutPassword, everything }) => [who, withoutPassword, everything]),
  ).toEqual([
    ['#1000', true, true],
    ['everybody', true, true],
  ]);
});
