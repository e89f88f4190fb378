/** The pool runs jobs on threads, hands faults back as faults, and ends what is aborted. Needs the built program. */
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool, type Pool } from '../../../src/core/work/pool.ts';
import { FaultError } from '../../../src/lib/fault.ts';

let folder = '';
let pool: Pool;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-pool-'));
  const fault = pathToFileURL(resolve('dist/lib/fault.js')).href;
  const job = (name: string, text: string): URL => {
    writeFileSync(join(folder, `${name}.mjs`), text);
    return pathToFileURL(join(folder, `${name}.mjs`));
  };
  pool = createPool({
    size: 2,
    jobs: {
      double: job('double', 'export const run = (bytes) => bytes.map((one) => one * 2);'),
      faulty: job(
        'faulty',
        `import { FaultError } from '${fault}'; export const run = () => { throw new FaultError('malformed', 'bad bytes'); };`,
      ),
      bug: job('bug', 'export const run = () => { throw new TypeError("oops"); };'),
      endless: job('endless', 'export const run = () => { for (;;); };'),
      dies: job('dies', 'import process from "node:process"; export const run = () => process.exit(3);'),
    },
  });
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

test('many jobs on few threads all give their own result', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.run('double', Uint8Array.of(i))));
  expect(results).toEqual(Array.from({ length: 20 }, (_, i) => Uint8Array.of(i * 2)));
});

test('buffers are handed over, not copied', async () => {
  const bytes = new Uint8Array(1000);
  await pool.run('double', bytes, [bytes.buffer]);
  expect(bytes.length).toBe(0);
});

test('a fault of a job comes back as that fault', async () => {
  const thrown: unknown = await pool.run('faulty', undefined).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(FaultError);
  expect((thrown as FaultError).fault).toEqual({ kind: 'malformed', message: 'bad bytes' });
});

test('a bug in a job comes back as a bug', async () => {
  await expect(pool.run('bug', undefined)).rejects.toMatchObject({ fault: { kind: 'bug' } });
});

test('abort ends a job that never would, and the pool goes on', async () => {
  const abort = new AbortController();
  const running = [1, 2, 3].map(() => pool.run('endless', undefined, [], abort.signal));
  setTimeout(() => abort.abort(), 100);
  for (const one of running) await expect(one).rejects.toThrow('stopped before it was done');
  expect(await pool.run('double', Uint8Array.of(4))).toEqual(Uint8Array.of(8));
});

test('a thread that dies fails its job only', async () => {
  await expect(pool.run('dies', undefined)).rejects.toMatchObject({ fault: { kind: 'bug' } });
  expect(await pool.run('double', Uint8Array.of(5))).toEqual(Uint8Array.of(10));
});

test('an unknown job is a bug of the caller', () => {
  expect(() => pool.run('nothing', undefined)).toThrow('no job nothing');
});

test('jobs that are over listen no longer to the signal that they shared, good or bad', async () => {
  const { signal } = new AbortController();
  const jobs = Array.from({ length: 20 }, (_, i) =>
    pool.run(i % 2 === 0 ? 'double' : 'faulty', Uint8Array.of(i), [], signal),
  );
  expect(getEventListeners(signal, 'abort')).toHaveLength(20);
  await Promise.allSettled(jobs);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
