/** Account databases beyond lines of text, against files of the tools that write them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sambaAccounts } from '../../../../src/codecs/formats/tdb-accounts.ts';
import { accountPassword } from '../../../../src/facts/index.ts';
import { accountsPasswords } from '../../../../src/plugins/analyzers/accounts/passwords.ts';
import { analyze, treeOf } from '../../../support/tree.ts';

const passdb = gunzipSync(readFileSync(new URL('../../../../fixtures/accounts/passdb.tdb.gz', import.meta.url)));

test('accounts of Samba’s passdb.tdb are told, cracked and told from those that are switched off', async () => {
  const { of } = await analyze([accountsPasswords], treeOf({ '/etc/samba/passdb.tdb': passdb }));
  const found = of(accountPassword);
  expect(found).toHaveLength(2);
  expect(found.find(({ account }) => account === 'root')).toMatchObject({
    database: 'samba',
    state: 'usable',
    scheme: 'nt',
    password: 'admin',
  });
  expect(found.find(({ account }) => account === 'daemon')).toMatchObject({ state: 'locked', crack: 'not-needed' });
});

/** A database of one account with its numbers in the other order, as a big-endian router writes them. */
function turned(): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const field = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);
  const data = Buffer.concat([
    Buffer.alloc(28),
    field(Buffer.from('guest\0')),
    ...Array.from({ length: 11 }, () => field(Buffer.alloc(0))),
    Buffer.alloc(8),
    ...Array.from({ length: 3 }, () => field(Buffer.alloc(0))),
    number(0x14),
  ]);
  const key = Buffer.from('USER_guest\0');
  const record = [0, 0, key.length, data.length, 0, 0x26011999].map(number);
  const head = Buffer.concat([Buffer.from('TDB file\n'.padEnd(32, '\0')), number(0x2601196d), number(1)]);
  const chains = Buffer.concat([Buffer.alloc(168 - head.length + 4), number(176)]);
  return Buffer.concat([head, chains, ...record, key, data]);
}

test('a database of a big-endian machine is read, and an account without a password told', () => {
  expect(sambaAccounts(turned(), 10)).toMatchObject([
    { account: 'guest', nt: '', passwordless: true, disabled: false },
  ]);
});

test('a database that cannot be read is told', () => {
  expect(() => sambaAccounts(turned().subarray(0, -4), 10)).toThrow(/form that is not known/);
  expect(() => sambaAccounts(Buffer.from('TDB file\n'.padEnd(64, '\0')), 10)).toThrow(/unknown version/);
});

test('a boot script of more lines about accounts than are judged is told as that', async () => {
  const text = `#!/bin/sh\n${'passwd\n'.repeat(149_000)}`;
  const { gaps, error } = await analyze([accountsPasswords], treeOf({ '/etc/init.d/S01users': text })).then(
    (run) => ({ gaps: run.gaps, error: undefined }),
    (thrown: Error) => ({ gaps: [], error: thrown }),
  );
  expect(error?.message ?? JSON.stringify(gaps)).toMatch(/more lines name an account file/);
});

test('logins in a router’s tree of settings are told with their lines, and once', async () => {
  const tree = [
    '<Config>',
    '<UserInterface>',
    '<X_HW_WebUserInfoInstance UserName="telecomadmin" Password="admintelecom" Enable="1"/>',
    '<X_HW_WebUserInfoInstance UserName="guest" Password="guest" Enable="0"/>',
    '</UserInterface>',
    '<WebPassword>1234</WebPassword>',
    '</Config>',
  ].join('\n');
  const { of } = await analyze([accountsPasswords], treeOf({ '/etc/hw_ctree.xml': tree }));
  expect(of(accountPassword).map(({ account, line, state, database }) => [account, line, state, database])).toEqual([
    ['telecomadmin', 3, 'usable', 'config'],
    ['guest', 4, 'locked', 'config'],
    ['admin', 6, 'usable', 'config'],
  ]);
});

test('defaults of Ralink and sections of OpenWrt preset logins', async () => {
  const { of } = await analyze(
    [accountsPasswords],
    treeOf({
      '/etc_ro/Wireless/RT2860AP/RT2860_default_vlan': 'WebInit=1\nLogin=admin\nPassword=admin\n',
      '/etc/RT2880_Settings.dat': 'WebInit=1\nLogin=admin\nPassword=ralink\n',
      '/etc/config/rpcd': "config login\n\toption username 'support'\n\toption password 'support1'\n",
    }),
  );
  expect(of(accountPassword).map(({ account, file, line }) => [account, file, line])).toEqual([
    ['admin', '/etc_ro/Wireless/RT2860AP/RT2860_default_vlan', 3],
    ['admin', '/etc/RT2880_Settings.dat', 3],
    ['support', '/etc/config/rpcd', 3],
  ]);
});

test('logins that are left out of a file of very many are told', async () => {
  const off = '<X_User><Enable>0</Enable><UserName>u</UserName><Password>p</Password></X_User>\n'.repeat(200);
  const last = '<X_User><Enable>1</Enable><UserName>admin</UserName><Password>admin</Password></X_User>\n';
  const { gaps } = await analyze([accountsPasswords], treeOf({ '/etc/default.xml': `<C>${off}${last}</C>` }));
  expect(gaps.map(({ unseen }) => unseen.message)).toContain('only the first 200 passwords of the file were judged');
});
