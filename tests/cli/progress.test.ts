/** Proves the live line: what runs, how far it is, how long it still takes, and that nothing foreign reaches the terminal raw. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { createProgress } from '../../src/cli/progress.ts';

let written: string[] = [];
const io = (terminal: boolean): Io =>
  ({ err: (text: string) => written.push(text), errIsTerminal: terminal, columns: 80 }) as unknown as Io;

beforeEach(() => {
  written = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const ESCAPE = String.fromCharCode(27);
const lines = (): readonly string[] => written.map((text) => text.replace(`\r${ESCAPE}[2K`, ''));

test('a long step tells how far it is and a guess of what is left', () => {
  const { listen, end } = createProgress(io(true), { quiet: false, verbose: false });
  listen({ kind: 'step-started', gatherer: 'net/ports', subject: '192.168.1.40' });
  vi.advanceTimersByTime(10_000);
  listen({ kind: 'step-progress', gatherer: 'net/ports', subject: '192.168.1.40', done: 20_000, of: 60_000 });
  vi.advanceTimersByTime(500);
  expect(lines().at(-1)).toMatch(/net\/ports 192\.168\.1\.40 20000\/60000, about 21 s left$/);
  listen({ kind: 'step-ended', gatherer: 'net/ports', subject: '192.168.1.40', facts: 7, ms: 10_500 });
  vi.advanceTimersByTime(500);
  expect(lines().at(-1)).toMatch(/7 facts, 0 gaps {2}$/);
  end();
  expect(written.at(-1)).toBe(`\r${ESCAPE}[2K`);
});

test('a line never outgrows the terminal, and a hostile subject is shown escaped', () => {
  const { listen, end } = createProgress(io(true), { quiet: false, verbose: false });
  listen({
    kind: 'step-started',
    gatherer: 'keys/private-keys',
    subject: `fw.bin!tar/${ESCAPE}[31m${'x'.repeat(300)}`,
  });
  vi.advanceTimersByTime(500);
  end();
  for (const line of lines().slice(0, -1)) {
    expect(line.length).toBeLessThan(80);
    expect(line).not.toContain(ESCAPE);
  }
});

test('without a terminal nothing is written', () => {
  const { listen, end } = createProgress(io(false), { quiet: false, verbose: false });
  listen({ kind: 'step-started', gatherer: 'net/ports', subject: 'x' });
  vi.advanceTimersByTime(5000);
  end();
  expect(written).toEqual([]);
});
