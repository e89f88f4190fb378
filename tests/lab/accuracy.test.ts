/** The set made with the real tools: assay tells what lies in it, and nothing of what only looks alike. Runs the built program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const made = new URL('../../fixtures/accuracy/made/', import.meta.url).pathname;
const names = readdirSync(made)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5));

interface Comparison {
  readonly wrong: readonly string[];
  readonly missed: readonly string[];
}

test.each(names)('%s is told as it is labelled', { timeout: 300_000 }, async (name) => {
  const { factsOf } = (await import('../../scripts/accuracy/facts.js' as string)) as {
    factsOf(image: string): readonly unknown[];
  };
  const { compared } = (await import('../../scripts/accuracy/written.js' as string)) as {
    compared(analysis: string, labels: readonly string[], facts: readonly unknown[]): Comparison;
  };
  const labels = JSON.parse(readFileSync(join(made, `${name}.json`), 'utf8')) as { [analysis: string]: string[] };
  const facts = factsOf(join(made, `${name}.tar.gz`));
  for (const [analysis, texts] of Object.entries(labels))
    expect(compared(analysis, texts, facts), analysis).toMatchObject({ wrong: [], missed: [] });
});
