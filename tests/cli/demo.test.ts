/** The demo finds every fault that was planted, and nothing else; on the hardened product nothing fails. */
import { describe, expect, test } from 'vitest';
import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import { desk } from '../support/cli.ts';

const run = async (...argv: string[]) => {
  let out = '';
  const io: Io = {
    out: (bytes) => {
      out += Buffer.from(bytes).toString();
    },
    err: () => undefined,
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 80,
    colour: false,
  };
  const code = await (main as unknown as (argv: readonly string[], io: Io) => Promise<number>)(argv, io);
  return { code, out };
};

describe('assay demo', () => {
  test('finds every planted fault and nothing else', { timeout: 60_000 }, async () => {
    const { code, out } = await run('demo');
    expect(out.split('\n').filter((line) => /^(Planted and not found|Found and not planted)/.test(line))).toEqual([]);
    expect(code).toBe(0);
    expect(out).toContain('would have ended with exit code 1');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
  test('has nothing failing on the hardened product, whose dossier is kept where one was asked for', {
    timeout: 60_000,
  }, async () => {
    const on = desk();
    const { code, out } = await run('demo', '--hardened', '--out', on.path('dossier'));
    expect(code).toBe(0);
    expect(out).toContain('no failing control');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const again = await run('evaluate', on.path('dossier'), '--baseline', 'uk-psti');
    expect(again.out).toContain('DemoCam, hardened');
    on.clear();
  });
});
