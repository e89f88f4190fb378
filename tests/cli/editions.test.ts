/** `assay diff` of two baselines: shipped editions, a tailored one, and what cannot be compared. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assay, type Desk, desk } from '../support/cli.ts';

let at: Desk;
beforeAll(() => {
  at = desk();
});
afterAll(() => at.clear());

test('two editions differ in controls, as text, JSON and Markdown', async () => {
  const pair = ['diff', 'etsi-en-303-645@2.1.1', 'etsi-en-303-645'];
  const { code, out } = await assay(pair);
  expect(code).toBe(0);
  expect(out).toContain('etsi-en-303-645@2.1.1 → etsi-en-303-645@3.1.3: ');
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  const said = JSON.parse((await assay([...pair, '--json'])).out) as {
    readonly [list: string]: readonly { control: string }[];
  };
  expect(said['removed']?.map(({ control }) => control)).toContain('5.3-4');
  expect(said['added']?.map(({ control }) => control)).toContain('5.3-4A');
  expect((await assay([...pair, '--markdown'])).out).toMatch(/^## .*\n\n### Only in the second\n\n- /);
}, 60_000);

test('a tailored baseline and the one that it extends', async () => {
  const ours =
    'id: ours\nversion: "1"\ntitle: Ours\nextends: uk-psti\nexclude: [{ control: PSTI-3, reason: told elsewhere }]\n';
  const { code, out } = await assay(['diff', 'uk-psti', at.file('ours.yaml', ours)]);
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/Only in the first\n {2}PSTI-3 {2}[\s\S]+0 changed, 2 the same/),
  ]);
});

test('a baseline and a report, and an edition that there is not, are mistakes', async () => {
  const report = at.file('report.json', '{}');
  const mixed = await assay(['diff', 'uk-psti', report]);
  expect([mixed.code, mixed.err]).toEqual([2, expect.stringContaining('uk-psti is a baseline, and ')]);
  const unknown = await assay(['diff', 'etsi-en-303-645@2.1.1', 'etsi-en-303-645@9']);
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('editions: 3.1.3, 2.1.1')]);
});
