/** `assay lint` on broken files: exit 2, and a place on stderr. */
import { afterAll, expect, test } from 'vitest';
import { brokenTexts } from '../support/broken-yaml.ts';
import { assay, desk } from '../support/cli.ts';

const at = desk();
afterAll(() => at.clear());

interface Looked {
  readonly file: string;
  readonly problems: readonly { readonly at?: { readonly line: number; readonly column: number } }[];
}

test('a thousand broken files: each has a mistake with its place, and one of them alone ends with exit code 2', async () => {
  const files = brokenTexts(1400).map((text, index) => at.file(`mine-${index}.yaml`, text));
  const all = await assay(['lint', '--json', ...files]);
  expect(all.code).toBe(2);
  const refused = (JSON.parse(all.out) as readonly Looked[]).filter(({ problems }) => problems.length > 0);
  expect(refused.length).toBeGreaterThanOrEqual(1000);
  for (const { file, problems } of refused)
    for (const problem of problems)
      expect(problem.at, file).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  for (const { file } of refused.filter((_, index) => index % 250 === 0)) {
    const { code, err } = await assay(['lint', file]);
    expect([file, code]).toEqual([file, 2]);
    expect(err).toMatch(/mine-\d+\.yaml:\d+:\d+: \S/);
  }
}, 120_000);
