/** The health probe and the dialer's sense of a device that went silent. */
import { expect, test } from 'vitest';
import { Liveness } from '../../../../src/core/network/liveness.ts';
import { netHealth, netHost, netPort } from '../../../../src/facts/index.ts';
import { netHealthProbe } from '../../../../src/plugins/probes/net/health.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const host = { kind: 'host', host: '127.0.0.1' } as const;
const known = (port: number) => [
  aFact(netHost, host, { answers: true, address: '127.0.0.1' }),
  aFact(netPort, endpoint(port), { transport: 'tcp', port }),
];

test('a device that answers as before is alive; one whose port is gone is not', async () => {
  const peer = await listen(() => {});
  expect((await runProbe(netHealthProbe, { known: known(peer.port), dial: loopback() })).of(netHealth)).toMatchObject([
    { alive: true },
  ]);
  await peer.stop();
  expect((await runProbe(netHealthProbe, { known: known(peer.port), dial: loopback() })).of(netHealth)).toMatchObject([
    { alive: false },
  ]);
}, 20_000);

test('a host that answered and then kept silent eight times is not waited for; one try in ten seconds is let through', () => {
  let now = 0;
  const liveness = new Liveness(() => now);
  for (let tries = 0; tries < 20; tries += 1) liveness.note('never', false);
  liveness.admit('never');
  liveness.note('gone', true);
  for (let tries = 0; tries < 8; tries += 1) liveness.note('gone', false);
  expect(() => liveness.admit('gone')).toThrow('has stopped answering');
  now = 10_000;
  liveness.admit('gone');
  expect(() => liveness.admit('gone')).toThrow('has stopped answering');
  liveness.note('gone', true);
  liveness.admit('gone');
});
