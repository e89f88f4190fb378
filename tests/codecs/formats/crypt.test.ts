/** Hash schemes recognised and computed, against vectors of the schemes' authors and of crypt(3). */
import { describe, expect, test } from 'vitest';
import { digestHash, hashOf, saltedHash, sambaHash } from '../../../src/codecs/formats/crypt.ts';
import { run } from '../../../src/codecs/formats/crypt-job.ts';
import { htdigestLine, htpasswdLine } from '../../../src/codecs/formats/shadow.ts';

const tried = async (hash: ReturnType<typeof hashOf>, words: readonly string[]): Promise<string | undefined> => {
  if (hash?.method === undefined) throw new Error('cannot be tried');
  const settings = hash.group.slice(hash.method.length + 1);
  const { found } = await run({
    method: hash.method,
    settings,
    digests: [hash.digest],
    words,
    until: Date.now() + 20_000,
  });
  return found[hash.digest];
};

describe('a field is recognised and its password found', () => {
  test.each([
    ['des', 'rJ0FHsG0ZbyZo', 'ismart12'],
    ['des', 'abvh5bBea7PIg', 'größe'],
    ['md5crypt', '$1$ybdHbPDn$ii9aEIFNiolBbM9QxW9mr0', 'hslwificam'],
    ['md5crypt', '$1$$iC.dUsGpxNNJGeOm1dFio/', '1234'],
    ['apr1', '$apr1$TqI9WECO$j9r/e6j19vJ/UYfK.IcXb/', 'mypassword'],
    ['sha256crypt', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', 'Hello world!'],
    ['sha256crypt', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA', 'Hello world!'],
    [
      'sha512crypt',
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      'Hello world!',
    ],
    ['bcrypt', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['sha1', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'password'],
    ['nt', '$3$$209c6174da490caeb422f3fa5a7ae634', 'admin'],
  ])('%s', async (scheme, field, password) => {
    const hash = hashOf(field);
    expect(hash?.scheme).toBe(scheme);
    expect(await tried(hash, ['no', 'neither', password])).toBe(password);
    expect(await tried(hash, ['no', 'neither'])).toBeUndefined();
  });

  test('digests of HTTP, NT and LM', async () => {
    expect(
      await tried(digestHash('Mufasa', 'testrealm@host.com', '939e7578ed9e3c518a452acee763bce9'), ['Circle Of Life']),
    ).toBe('Circle Of Life');
    expect(await tried(sambaHash('nt', '8846F7EAEE8FB117AD06BDD830B7586C'), ['password'])).toBe('password');
    expect(await tried(sambaHash('lm', 'E52CAC67419A9A224A3B108F3FA6CB6D'), ['password'])).toBe('password');
  });
});

test.each([
  ['yescrypt', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'],
  ['gost-yescrypt', '$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'],
  ['des', '_J9..CCCCXBrJUJV154M'],
  ['sunmd5', '$md5,rounds=53666$MYYvjmIG$$FthOtUggBrPy.Kde9cTYd0'],
  ['sunmd5', '$md5$RPgLF6IJ$WTvAlUJ7MqH5xak2FMEwS/'],
])('%s is known and cannot be tried', (scheme, field) => {
  expect(hashOf(field)).toMatchObject({ scheme });
  expect(hashOf(field)?.method).toBeUndefined();
});

test.each(['', '!', '*', 'x', 'NP', '!!', 'short', 'a'.repeat(400), '$1$abc$tooshort!'])(
  '%j is no hash that opens',
  (field) => {
    expect(hashOf(field)?.method).toBeUndefined();
  },
);

test('SHA-256 of digest access authentication and salted SHA-1 of LDAP', async () => {
  const digest = 'b029cf52a5be8537a10330fb56d21f6d9cb71f70b73f96804139c3f4d5aea47e';
  expect(htdigestLine(`u256:Router login:${digest}`)).toMatchObject({ scheme: 'sha256' });
  expect(await tried(digestHash('u256', 'Router login', digest), ['no', 'admin'])).toBe('admin');
  const salted = saltedHash('{SSHA}p63uWPuXAy8xXvkfbU4xfYbUmUgoWImr');
  expect(await tried(salted, ['no', 'admin'])).toBe('admin');
  expect(htpasswdLine('nginx:{SSHA}p63uWPuXAy8xXvkfbU4xfYbUmUgoWImr', false)?.hash).toEqual(salted);
  expect(htpasswdLine('nginx:{PLAIN}admin', false)).toMatchObject({ plain: 'admin' });
});

test('hashes of one salt share their group', () => {
  expect(hashOf('abAAAAAAAAAAA')?.group).toBe(hashOf('abBBBBBBBBBBB')?.group);
  expect(hashOf('abAAAAAAAAAAA')?.group).not.toBe(hashOf('cdAAAAAAAAAAA')?.group);
});

test('time that is up stops the search and says so', async () => {
  const hash = hashOf('rJ0FHsG0ZbyZo');
  const answer = await run({
    method: 'des',
    settings: 'rJ',
    digests: [hash?.digest ?? ''],
    words: ['ismart12'],
    until: 0,
  });
  expect(answer).toEqual({ found: {}, done: false });
});
