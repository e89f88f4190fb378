/** A sweep on threads against loopback: it tells what one on this thread tells. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDialer } from '../../../src/core/network/dialer.ts';
import { joined } from '../../../src/core/network/sweep.ts';
import { SWEEP, SWEEP_JOB, sweepOnThreads } from '../../../src/core/network/sweep-threads.ts';
import { createPool } from '../../../src/core/work/pool.ts';

const pool = createPool({ jobs: { [SWEEP]: SWEEP_JOB } });
let jobs = 0;
const dialer = () =>
  createDialer({
    hosts: ['127.0.77.9'],
    pace: 'fast',
    authorized: false,
    threads: (job, input, signal) => {
      jobs += 1;
      return pool.run(job, input, [], signal);
    },
  });
const servers: Server[] = [];
const OPEN = [20_001, 20_064, 24_999, 28_999];
const PORTS = Array.from({ length: 9000 }, (_, index) => 20_000 + index);

beforeAll(async () => {
  for (const port of OPEN) {
    const server = createServer((socket) => socket.destroy());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.77.9', resolve));
  }
});
afterAll(async () => {
  for (const server of servers) server.close();
  await pool.close();
});

test('every port is told once, whichever thread asked it', async () => {
  const dial = dialer();
  const seen: number[] = [];
  const result = await dial.sweep('127.0.77.9', PORTS, { onProgress: (done) => seen.push(done) });
  expect(jobs).toBe(2);
  expect(result.open.map(({ port }) => port)).toEqual(OPEN);
  expect(result.open.length + result.closed + result.silent).toBe(PORTS.length);
  expect(dial.counts.tcp).toBe(PORTS.length);
  expect(Math.max(0, ...seen)).toBeLessThanOrEqual(PORTS.length);
}, 60_000);

test('few ports, or a pace, stay on this thread', async () => {
  jobs = 0;
  await dialer().sweep('127.0.77.9', PORTS.slice(0, 100));
  expect(jobs).toBe(0);
});

test('a stop ends the threads', async () => {
  const stop = new AbortController();
  const sweeping = dialer().sweep('127.0.77.9', PORTS, { signal: stop.signal });
  stop.abort();
  await expect(sweeping).rejects.toMatchObject({ fault: { kind: 'stopped' } });
});

test('parts are joined: no way to the host only where no part found one, and sockets that ran out are told', () => {
  const part = { open: [], closed: 0, silent: 0, unreachable: 0, starved: 0 };
  expect(
    joined([
      { ...part, unreachable: 3 },
      { ...part, unreachable: 4 },
    ]),
  ).toMatchObject({
    answered: false,
    silent: 0,
    unreachable: 'no way to the host',
  });
  const some = joined([
    { ...part, unreachable: 3 },
    { ...part, closed: 4 },
  ]);
  expect(some).toMatchObject({ answered: true, closed: 4, silent: 3 });
  expect(some).not.toHaveProperty('unreachable');
  expect(() => joined([part, { ...part, starved: 1 }])).toThrow('no sockets left for 1 ports');
});

test('likely ports are told as they are found, and no port where a pace has the sweep alone', async () => {
  const found: number[] = [];
  const onOpen = (port: number): void => void found.push(port);
  const likely = new Set([20_001, 24_999, 24_998]);
  const result = await dialer().sweep('127.0.77.9', PORTS, { likely, onOpen });
  expect(found.sort((a, b) => a - b)).toEqual([20_001, 24_999]);
  expect(result.open.map(({ port }) => port)).toEqual(OPEN);
  expect(result.open.length + result.closed + result.silent).toBe(PORTS.length);
  const paced = { rate: 100_000, inFlight: 64, count: () => {}, likely, onOpen };
  found.length = 0;
  expect((await sweepOnThreads('127.0.77.9', [20_001, 20_002], paced, undefined)).open).toHaveLength(1);
  expect(found).toEqual([]);
}, 60_000);
