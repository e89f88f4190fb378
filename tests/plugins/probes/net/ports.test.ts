/** The port probe against loopback. */
import { describe, expect, test } from 'vitest';
import { netHost, netPort, netSweep } from '../../../../src/facts/index.ts';
import { portsOf, rangesBeside, rangesOf } from '../../../../src/plugins/probes/net/port-list.ts';
import { netPorts } from '../../../../src/plugins/probes/net/ports.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { runProbe } from '../../../support/probe.ts';

const host = { kind: 'host', host: '127.0.0.1' } as const;
const look = (ports: string) => runProbe(netPorts, { subjects: [host], settings: { ports }, dial: loopback() });

describe('port lists', () => {
  test.each([
    ['22,80,8000-8002', [22, 80, 8000, 8001, 8002]],
    [' 80 , 22-23,80', [22, 23, 80]],
  ])('%s', (list, ports) => expect(portsOf(list)).toEqual(ports));
  test.each(['', '0', '65536', '10-5', 'http', '1,,2', '-5'])('"%s" is a mistake of the user', (list) => {
    expect(() => portsOf(list)).toThrow('no port or range of ports');
  });
  test('all is 1 to 65535, and the default list has what matters', () => {
    expect(rangesOf(portsOf('all'))).toBe('1-65535');
    expect(portsOf('default')).toEqual(
      expect.arrayContaining([22, 23, 80, 443, 554, 1883, 2323, 5555, 7547, 8883, 49152]),
    );
  });
  test.each(['default', '1', '65535', '2-65534', '22,24'])('%s and what is beside it are all ports', (list) => {
    const [here, beside] = [portsOf(list), portsOf(rangesBeside(portsOf(list)))];
    expect(here.length + beside.length).toBe(65_535);
    expect(new Set([...here, ...beside]).size).toBe(65_535);
  });
  test('nothing is beside all ports', () => expect(rangesBeside(portsOf('all'))).toBe(''));
  test('ranges read back as the same ports', () => {
    expect(portsOf(rangesOf(portsOf('default')))).toEqual(portsOf('default'));
  });
});

test('an open port is told, and what was not asked for is a gap over tcp that --ports all settles', async () => {
  const peer = await listen(() => {});
  const run = await look(`${peer.port}`);
  expect(run.of(netPort)).toEqual([{ transport: 'tcp', port: peer.port }]);
  expect(run.of(netHost)).toEqual([{ answers: true, address: '127.0.0.1' }]);
  expect(run.of(netSweep)).toEqual([
    { transport: 'tcp', ports: `${peer.port}`, open: 1, closed: 0, silent: 0, complete: false },
  ]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'not-given', flag: '--ports all' }, area: 'tcp' }]);
  await peer.stop();
});

test('all ports of loopback leave no gap, and no port connects to itself', async () => {
  const peer = await listen(() => {});
  const run = await look('all');
  const sweep = run.of(netSweep)[0]!;
  expect(run.gaps).toEqual([]);
  expect(sweep.complete).toBe(true);
  expect(sweep.open + sweep.closed + sweep.silent).toBe(65_535);
  expect(run.of(netPort)).toContainEqual({ transport: 'tcp', port: peer.port });
  await peer.stop();
}, 30_000);

test('of a name with several addresses one is told, and the others are left open by name', async () => {
  const named = {
    ...loopback(),
    sweep: async () => ({
      open: [{ port: 80, state: 'open' as const }],
      closed: 65_534,
      silent: 0,
      answered: true,
      address: '192.0.2.1',
      others: ['192.0.2.2', '2001:db8::2'],
    }),
  };
  const run = await runProbe(netPorts, { subjects: [host], settings: { ports: 'all' }, dial: named });
  expect(run.of(netHost)).toEqual([{ answers: true, address: '192.0.2.1' }]);
  expect(run.gaps.map(({ unseen, area }) => ['flag' in unseen ? unseen.flag : '', area])).toEqual([
    ['--device 192.0.2.2', 'endpoint'],
    ['--device 2001:db8::2', 'endpoint'],
  ]);
});

test('ports that a firewall drops are silent, seen from here, and no gap', async () => {
  const dropping = {
    ...loopback(),
    sweep: () =>
      Promise.resolve({
        open: [{ port: 443, state: 'open' as const, rtt: 1 }],
        closed: 0,
        silent: 65_534,
        answered: true,
      }),
  };
  const run = await runProbe(netPorts, { subjects: [host], settings: { ports: 'all' }, dial: dropping });
  expect(run.gaps).toEqual([]);
  expect(run.of(netSweep)).toMatchObject([{ open: 1, silent: 65_534, complete: true }]);
});
