/** One account behind several services that share its lock, as with PAM: the budget is the host's, not the service's. */
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../../src/core/model/fact.ts';
import type { Probe } from '../../../../src/core/model/gatherer.ts';
import { loginDefault, loginSurface } from '../../../../src/facts/index.ts';
import { credentialsFtp } from '../../../../src/plugins/probes/credentials/ftp.ts';
import { credentialsHttpBasic } from '../../../../src/plugins/probes/credentials/http-basic.ts';
import { credentialsHttpForm } from '../../../../src/plugins/probes/credentials/http-form.ts';
import { credentialsMqtt } from '../../../../src/plugins/probes/credentials/mqtt.ts';
import { credentialsSsh } from '../../../../src/plugins/probes/credentials/ssh.ts';
import { credentialsTelnet } from '../../../../src/plugins/probes/credentials/telnet.ts';
import {
  Accounts,
  serveBasic,
  serveForm,
  serveFtp,
  serveMqtt,
  serveSsh,
  serveTelnet,
} from '../../../support/login-servers.ts';
import type { Peer } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe, viewOf } from '../../../support/probe.ts';

const SERVICES = [
  ['http-basic', credentialsHttpBasic, serveBasic],
  ['http-form', credentialsHttpForm, serveForm],
  ['ssh', credentialsSsh, serveSsh],
  ['telnet', credentialsTelnet, serveTelnet],
  ['ftp', credentialsFtp, serveFtp],
  ['mqtt', credentialsMqtt, serveMqtt],
] as const satisfies readonly (readonly [string, Probe, (accounts: Accounts) => Promise<Peer>])[];

/** All probes side by side on one host whose services know the same accounts. */
async function attempt(accounts: Accounts, credentialTries = 3): Promise<readonly Run[]> {
  const peers = await Promise.all(SERVICES.map(([, , serve]) => serve(accounts)));
  const known: readonly Fact[] = SERVICES.map(([protocol], index) =>
    aFact(loginSurface, endpoint(peers[index]!.port), { protocol, encrypted: protocol === 'ssh', path: '/' }),
  );
  const view = viewOf(known);
  const settings = { credentials: true, credentialTries, state: 'initialised' } as const;
  const runs = await Promise.all(SERVICES.map(([, probe]) => runProbe(probe, { known, view, settings })));
  await Promise.all(peers.map((peer) => peer.stop()));
  return runs;
}
const acceptedOf = (runs: readonly Run[]): readonly boolean[] =>
  runs.flatMap((run) => run.of(loginDefault).map(({ accepted }) => accepted));

describe.each([3, 5])('accounts that lock after %i wrong tries on all services together', (lockAt) => {
  test('none is locked when every password is its own', async () => {
    const accounts = new Accounts({ admin: 'Very-Own-7', root: 'Very-Own-8' }, lockAt);
    const runs = await attempt(accounts);
    expect(accounts.lockedAccounts.filter((account) => !account.startsWith('Zq'))).toEqual([]);
    expect(accounts.wrong.get('admin')).toBeLessThanOrEqual(2);
    expect(acceptedOf(runs)).not.toContain(true);
    // What was left untried is told, with the budget that would settle it.
    for (const run of runs) {
      const gap = run.gaps.find(({ facts }) => facts.includes('login.default'));
      expect(gap?.unseen).toMatchObject({ kind: 'not-given', flag: expect.stringMatching(/--credential-tries \d+/) });
    }
  });
  test('a default login that all of them take is found on all of them, and none is locked', async () => {
    const accounts = new Accounts({ admin: 'admin', root: 'Very-Own-8' }, lockAt);
    const runs = await attempt(accounts);
    expect(accounts.lockedAccounts.filter((account) => !account.startsWith('Zq'))).toEqual([]);
    expect(acceptedOf(runs)).toEqual(SERVICES.map(() => true));
  });
});

test('names that differ in case alone are one account', async () => {
  const accounts = new Accounts({}, 3);
  await attempt(accounts);
  const admins = [...accounts.wrong].filter(([account]) => account.toLowerCase() === 'admin');
  expect(admins.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(2);
});

test('services that take anybody are open, and have no default login', async () => {
  const runs = await attempt(new Accounts({}, Number.POSITIVE_INFINITY, true));
  expect(acceptedOf(runs)).toEqual([]);
});
