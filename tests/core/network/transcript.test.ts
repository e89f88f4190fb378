/** What is recorded of a device is played back without it, to the same facts. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Fact } from '../../../src/core/model/fact.ts';
import type { Dialer } from '../../../src/core/model/network.ts';
import { createDialer } from '../../../src/core/network/dialer.ts';
import { replayDialer } from '../../../src/core/network/replay.ts';
import type { TranscriptLine } from '../../../src/core/network/transcript.ts';
import { startDevice } from '../../../src/demo/device.ts';
import { seedChance } from '../../../src/lib/chance.ts';
import { httpAuthenticationProbe } from '../../../src/plugins/probes/http/authentication.ts';
import { httpServiceProbe } from '../../../src/plugins/probes/http/service.ts';
import { netPorts } from '../../../src/plugins/probes/net/ports.ts';
import { netServices } from '../../../src/plugins/probes/net/services.ts';
import { sshAlgorithms } from '../../../src/plugins/probes/ssh/algorithms.ts';
import { tlsProtocols } from '../../../src/plugins/probes/tls/protocols.ts';
import { runProbe } from '../../support/probe.ts';

/** Facts of a few probes one after the other, as plain text in a fixed order. */
async function look(dial: Dialer, ports: string): Promise<readonly string[]> {
  const host = { kind: 'host', host: '127.0.0.1' } as const;
  const known: Fact[] = [...(await runProbe(netPorts, { subjects: [host], settings: { ports }, dial })).facts];
  for (const probe of [netServices, tlsProtocols, httpServiceProbe, httpAuthenticationProbe, sshAlgorithms]) {
    const run = await runProbe(probe, { known, dial });
    expect(run.gaps, probe.id).toEqual([]);
    known.push(...run.facts);
  }
  return known
    .map(({ type, subject, data }) => JSON.stringify({ type, subject, data }))
    .sort((a, b) => (a < b ? -1 : 1));
}

seedChance(Buffer.alloc(32, 7));

test('the demo device, recorded and then gone, shows the same facts', async () => {
  const device = await startDevice({
    hardened: false,
    identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
    now: new Date(),
  });
  const ports = Object.values(device.ports).join(',');
  const lines: TranscriptLine[] = [];
  const dial = createDialer({
    hosts: ['127.0.0.1'],
    pace: 'fast',
    authorized: false,
    record: (line) => lines.push(line),
  });
  const live = await look(dial, ports);
  await device.stop();
  const played = await look(replayDialer(JSON.parse(JSON.stringify(lines)) as TranscriptLine[]), ports);
  expect(live.length).toBeGreaterThan(40);
  expect(played).toEqual(live);
}, 60_000);

test('what was not recorded is unreachable, and a refusal is played back', async () => {
  const replay = replayDialer([
    {
      id: 1,
      kind: 'fault',
      fault: { kind: 'refused', message: 'port 1 is closed' },
      host: 'a',
      port: 1,
      transport: 'tcp',
    },
  ]);
  await expect(replay.tcp('a', 1)).rejects.toMatchObject({ fault: { kind: 'refused' } });
  await expect(replay.tcp('a', 2)).rejects.toMatchObject({ fault: { kind: 'unreachable' } });
});

test('a fault comes to the try that it came to, whichever was answered first and however many are under way', async () => {
  const place = { transport: 'tcp', host: 'a', port: 1 } as const;
  const word = (text: string): string => Buffer.from(text).toString('base64');
  const replay = replayDialer([
    // The second try was refused before the first was taken.
    { id: 2, kind: 'fault', fault: { kind: 'timeout', message: 'no connection' }, ...place },
    { id: 1, kind: 'open', ...place },
    { id: 3, kind: 'open', ...place },
    { id: 1, kind: 'out', bytes: word('one') },
    { id: 1, kind: 'in', bytes: word('ONE') },
    { id: 3, kind: 'out', bytes: word('three') },
    { id: 3, kind: 'in', bytes: word('THREE') },
  ]);
  const tries = await Promise.allSettled([replay.tcp('a', 1), replay.tcp('a', 1), replay.tcp('a', 1)]);
  expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(tries[1]).toMatchObject({ reason: { fault: { kind: 'timeout' } } });
  for (const [index, said, heard] of [
    [0, 'one', 'ONE'],
    [2, 'three', 'THREE'],
  ] as const) {
    const one = tries[index];
    if (one?.status !== 'fulfilled') throw new Error('refused');
    const answer = new Promise<string>((resolve) => one.value.once('data', (bytes) => resolve(String(bytes))));
    one.value.write(said);
    expect(await answer).toBe(heard);
  }
});
