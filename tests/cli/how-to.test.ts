/** The how-tos of checks and baselines, walked as they are written. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import * as keywords from '../../src/plugins/keywords/index.ts';
import { assay, desk } from '../support/cli.ts';
import { blocksOf } from '../support/library.ts';

const at = desk();
afterAll(() => at.clear());
const checks = readFileSync('docs/writing-a-check.md', 'utf8');
const baselines = readFileSync('docs/writing-a-baseline.md', 'utf8');

test('each list and explanation that they name is there', async () => {
  const named = [...`${checks}${baselines}`.matchAll(/`assay ((?:list|explain) [\w.-]+)`/g)].map(
    ([, argv = '']) => argv,
  );
  expect(named).toContain('list keywords');
  for (const argv of named) expect([argv, (await assay(argv.split(' '))).code]).toEqual([argv, 0]);
});

test('the list of keywords has each with what it takes and where it stands', async () => {
  const rows = JSON.parse((await assay(['list', 'keywords', '--json'])).out) as readonly {
    name: string;
    at: string[];
  }[];
  expect(rows.map(({ name }) => name).sort()).toEqual(
    Object.values(keywords)
      .map(({ name }) => name)
      .sort(),
  );
  expect(rows.find(({ name }) => name === 'withinDays')).toEqual({
    name: 'withinDays',
    at: ['string'],
    takes: 'integer',
    title: 'a date from the day of judgement until so many days later',
  });
});

test('a check and a baseline of one’s own are linted and judge', async () => {
  at.file('mine.yaml', blocksOf(checks)[0] ?? '');
  const ours = /^\$ cat ours\.yaml\n([\s\S]*?)^\$ /m.exec(checks)?.[1] ?? '';
  const file = at.file('ours.yaml', ours);
  expect(await assay(['lint', at.path('mine.yaml'), file])).toMatchObject({ code: 0, err: '' });
  const { code, out } = await assay([
    'scan',
    'fixtures/demo/insecure.bin',
    '--baseline',
    file,
    '--quiet',
    '--report',
    'json',
  ]);
  expect([code, JSON.parse(out).assessments[0].controls]).toMatchObject([
    0,
    [{ id: '1', outcome: 'inconclusive', reasons: ['not-given'] }],
  ]);
});

test('two editions, and a tailored baseline beside the one that it extends, are compared', async () => {
  const tailored = at.file('tailored.yaml', blocksOf(baselines)[1] ?? '');
  expect(await assay(['diff', 'etsi-en-303-645@2.1.1', 'etsi-en-303-645@3.1.3'])).toMatchObject({ code: 0 });
  const { code, out } = await assay(['diff', 'etsi-en-303-645@2.1.1', tailored]);
  expect(code).toBe(0);
  expect(out).toContain('5.5-3');
});
