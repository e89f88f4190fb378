/** What each keyword of conditions holds of, and what it does not. */
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { Keyword } from '../../src/core/model/keyword.ts';
import * as registry from '../../src/plugins/keywords/index.ts';

const keywords = { ...registry };

const context = { at: '2026-01-01T00:00:00Z', knowledge: (id: string) => (id === 't' ? TABLE : fail(id)) };
const TABLE = { list: ['a', { name: 'b' }, { names: ['c', 'd'] }], other: 3 };
function fail(id: string): never {
  throw new Error(id);
}

const cases: readonly [string, unknown, unknown, boolean, object?][] = [
  ['tlsAtLeast', 'TLSv1.2', 'TLSv1.2', true],
  ['tlsAtLeast', 'TLSv1.1', 'TLSv1.2', false],
  ['tlsAtLeast', 'DTLSv1.2', 'TLSv1.2', true],
  ['tlsAtLeast', 'DTLSv1', 'TLSv1.2', false],
  ['tlsAtLeast', 'toString', 'SSLv2', false],
  ['versionAtLeast', '1.10', '1.9', true],
  ['versionAtLeast', '1.1.1n', '1.1.1k', true],
  ['versionAtLeast', '1.1.1', '1.1.1k', false],
  ['versionAtLeast', '1.2', '1.2.0', true],
  ['versionAtLeast', '2.0-rc1', '2.0', false],
  ['versionAtLeast', 'v2.0', '1.99.99', true],
  ['versionAtLeast', 'unknown', '1', false],
  ['withinDays', '2026-01-31', 30, true],
  ['withinDays', '2026-02-01', 30, false],
  ['withinDays', '2025-12-31', 30, false],
  ['afterJudgement', '2026-01-02', 0, true],
  ['afterJudgement', '2026-01-01', 0, false],
  ['afterJudgement', '2026-01-31', 30, false],
  ['afterJudgement', '2026-01-02', true, true],
  ['afterJudgement', '2025-01-02', true, false],
  ['beforeJudgement', '2025-12-31', true, true],
  ['beforeJudgement', '2025-12-31', 0, true],
  ['beforeJudgement', '2024-01-01', 730, true],
  ['beforeJudgement', '2024-01-02', 730, false],
  ['beforeJudgement', '2025-02-30', 0, false],
  ['beforeJudgement', 'yesterday', 0, false],
  ['listedIn', 'a', 't/list', true],
  ['listedIn', 'b', 't/list', true],
  ['listedIn', 'd', 't/list', true],
  ['listedIn', 'e', 't/list', false],
  ['listedIn', 'a', 'nowhere/list', false],
  ['weakHash', 'SHA-1', true, true],
  ['weakHash', 'sha1', false, false],
  ['weakHash', 'SHA-256', true, false],
  ['weakHash', 'SHA-256', false, true],
  ['entropyAtLeast', 'aaaaaaaaaaaaaaaa', 1, false],
  ['entropyAtLeast', '0123456789abcdef', 64, true],
  ['strengthAtLeast', 2048, 112, true, { keyType: 'RSA' }],
  ['strengthAtLeast', 2047, 112, false, { keyType: 'RSA' }],
  ['strengthAtLeast', 4096, 128, true, { type: 'ssh-rsa' }],
  ['strengthAtLeast', 256, 128, true, { keyType: 'EC' }],
  ['strengthAtLeast', 224, 128, false, { keyType: 'EC' }],
  ['strengthAtLeast', 256, 128, true, { type: 'ecdsa-sha2-nistp256' }],
  ['strengthAtLeast', 256, 112, true, { type: 'ssh-ed25519' }],
  ['strengthAtLeast', 1024, 112, false, { type: 'ssh-dss' }],
  ['strengthAtLeast', 4096, 112, false, { keyType: 'other' }],
  ['strengthAtLeast', 4096, 112, false],
];

test.each(cases)('%s: %j against %j is %s', (name, value, operand, holds, data = {}) => {
  const keyword = (keywords as Readonly<Record<string, Keyword>>)[name];
  expect(keyword?.satisfies(value, operand, { ...context, data: data as Record<string, unknown> })).toBe(holds);
});

test('a list of a data table that there is not is a mistake of the author', () => {
  const told = (operand: string): string | undefined => keywords.listedIn.complaint?.(operand, context);
  expect(told('t/list')).toBeUndefined();
  expect(told('t/other')).toBe("data table 't' has no list 'other'");
  expect(told('u/list')).toBe("there is no data table 'u'");
  expect(told('t')).toBe('it is written table/member');
});

const versions = fc.stringMatching(/^\d{1,3}(\.\d{1,3}){0,3}[a-z]?$/);
property.prop([versions, versions, versions])('versions are ordered', (a, b, c) => {
  const atLeast = (x: string, y: string): boolean => keywords.versionAtLeast.satisfies(x, y, context);
  expect(atLeast(a, a)).toBe(true);
  expect(atLeast(a, b) || atLeast(b, a)).toBe(true);
  if (atLeast(a, b) && atLeast(b, c)) expect(atLeast(a, c)).toBe(true);
});

property.prop([fc.anything(), fc.anything()])('no keyword throws, whatever it is given', (value, operand) => {
  for (const keyword of Object.values(keywords) as readonly Keyword[]) {
    expect(keyword.satisfies(value, operand, context)).toBeTypeOf('boolean');
  }
});
