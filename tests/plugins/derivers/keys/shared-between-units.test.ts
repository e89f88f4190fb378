/** What two units share is told; that they differ is told only when both were seen in full. */
import { expect, test } from 'vitest';
import type { Fact, FactView } from '../../../../src/core/model/fact.ts';
import type { Deriver } from '../../../../src/core/model/gatherer.ts';
import {
  keyShared,
  loginDefault,
  loginShared,
  netIdentity,
  sshHostKey,
  tlsCertificate,
} from '../../../../src/facts/index.ts';
import { keysLoginsBetweenUnits } from '../../../../src/plugins/derivers/keys/logins-between-units.ts';
import { keysSharedBetweenUnits } from '../../../../src/plugins/derivers/keys/shared-between-units.ts';
import { aFact, endpoint, SETTINGS, viewOf } from '../../../support/probe.ts';

async function derive(
  known: readonly Fact[],
  complete = true,
  doubts: string[] = [],
  deriver: Deriver = keysSharedBetweenUnits,
): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  const facts: FactView = { ...viewOf(known), coverage: () => ({ complete, heard: [], gaps: [] }) };
  await deriver.observe(
    { kind: 'target' },
    {
      facts,
      settings: SETTINGS,
      signal: new AbortController().signal,
      knowledge: () => ({}),
      emit: (type, data) => {
        told.push(data);
        return aFact(type, { kind: 'target' }, data);
      },
      progress: () => {},
      gap: ({ message }) => void doubts.push(message),
      keep: () => ({ sha256: '', mediaType: '', size: 0 }),
    },
  );
  return told;
}

const key = (host: string, spki: string): Fact =>
  aFact(sshHostKey, endpoint(22, 'tcp', host), { type: 'ssh-ed25519', bits: 256, fingerprint: `SHA256:${spki}`, spki });
const certificate = (host: string, spki: string, position: 'leaf' | 'root' = 'leaf'): Fact =>
  aFact(tlsCertificate, endpoint(443, 'tcp', host), {
    position,
    subject: 'CN=cam',
    issuer: 'CN=ca',
    serial: '1',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2036-01-01T00:00:00Z',
    days: 3650,
    keyType: 'RSA',
    keyBits: 2048,
    signatureAlgorithm: 'sha256WithRSAEncryption',
    signatureHash: 'SHA-256',
    spki,
    sha256: `c-${host}`,
    selfSigned: false,
    ca: false,
    names: [],
  });
const login = (host: string): Fact =>
  aFact(loginDefault, endpoint(80, 'tcp', host), {
    protocol: 'http-basic',
    accepted: true,
    account: 'admin',
    password: 'admin',
    tried: 1,
    exhausted: false,
    state: 'factory',
    forcedChange: 'unknown',
  });

type Kind = 'mac' | 'serial' | 'udn';
const identity = (host: string, kind: Kind, fingerprint: string): Fact =>
  aFact(netIdentity, kind === 'mac' ? { kind: 'host', host } : endpoint(80, 'tcp', host), { kind, fingerprint });
const TWO = [identity('a', 'mac', '1'), identity('b', 'mac', '2')];

test('a host key that two units show is shared', async () => {
  expect(await derive([key('a', '1'), key('b', '1'), ...TWO])).toEqual([
    { what: 'ssh-host-key', shared: true, value: '1', hosts: ['a', 'b'] },
  ]);
});
test('one unit alone tells nothing, whatever it repeats', async () => {
  expect(await derive([key('a', '1'), key('a', '1'), certificate('a', '1')])).toEqual([]);
});
test('units that differ are told so when both were seen in full', async () => {
  const facts = [certificate('a', '1'), certificate('b', '2')];
  expect(await derive(facts)).toMatchObject([
    { what: 'tls-key', shared: false },
    { what: 'tls-certificate', shared: false },
  ]);
  expect(await derive(facts, false)).toEqual([]);
});
test.each<[string, readonly Fact[], RegExp]>([
  ['one hardware address', [identity('a', 'mac', '1'), identity('b', 'mac', '1')], /are addresses of one unit/],
  ['one serial number', [identity('a', 'serial', '1'), identity('b', 'serial', '1')], /are addresses of one unit/],
  ['one UPnP name', [identity('a', 'udn', '1'), identity('b', 'udn', '1')], /are addresses of one unit/],
  ['nothing that tells them apart', [identity('a', 'mac', '1')], /nothing that was seen tells/],
  [
    'two interfaces and one serial number',
    [...TWO, identity('a', 'serial', '1'), identity('b', 'serial', '1')],
    /nothing/,
  ],
])('hosts with %s: neither a shared key nor a pass', async (_what, ids, why) => {
  const doubts: string[] = [];
  expect(await derive([key('a', '1'), key('b', '1'), ...ids], true, doubts)).toEqual([]);
  expect(doubts).toEqual([expect.stringMatching(why)]);
});
test('one unit that shows different keys at two addresses passes nothing', async () => {
  const one = [identity('a', 'mac', '1'), identity('b', 'mac', '1')];
  expect(await derive([key('a', '1'), key('b', '2'), ...one])).toEqual([]);
});
test('a key in common is shared where another one shows two units', async () => {
  const facts = [key('a', '1'), key('b', '2'), certificate('a', 'x'), certificate('b', 'x')];
  expect(await derive(facts)).toMatchObject([
    { what: 'tls-key', shared: true, hosts: ['a', 'b'] },
    { what: 'tls-certificate', shared: false },
    { what: 'ssh-host-key', shared: false },
  ]);
});
test('an issuer in common is no shared key', async () => {
  expect(await derive([certificate('a', 'x', 'root'), certificate('b', 'x', 'root')])).toEqual([]);
});
test('the same default login on two units is shared, and leaves their keys alone', async () => {
  const facts = [login('a'), login('b'), ...TWO];
  expect(await derive(facts, true, [], keysLoginsBetweenUnits)).toEqual([
    { shared: true, value: 'http-basic admin:admin', hosts: ['a', 'b'] },
  ]);
  expect(await derive(facts)).toEqual([]);
  expect(await derive([login('a')], true, [], keysLoginsBetweenUnits)).toEqual([]);
});
test('the same default login at two addresses of one unit says nothing', async () => {
  const doubts: string[] = [];
  const one = [identity('a', 'mac', '1'), identity('b', 'mac', '1')];
  expect(await derive([login('a'), login('b'), ...one], true, doubts, keysLoginsBetweenUnits)).toEqual([]);
  expect(doubts).toEqual([expect.stringMatching(/are addresses of one unit/)]);
});
test('the names of facts are those of the vocabulary, and keys do not wait for logins', () => {
  expect(keysSharedBetweenUnits.produces).toEqual([keyShared]);
  expect(keysSharedBetweenUnits.consumes).not.toContain(loginDefault);
  expect(keysLoginsBetweenUnits.produces).toEqual([loginShared]);
});
