/** Proves the layers: no file imports what its layer may not, and every file was read. */
import { readdirSync, readFileSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import { beforeAll, describe, expect, test } from 'vitest';

interface Rules {
  readonly forbidden: readonly { readonly name: string }[];
  readonly options: Record<string, unknown>;
}
interface Result {
  readonly modules: readonly { readonly source: string; readonly dependencies: readonly unknown[] }[];
  readonly summary: { readonly violations: readonly { rule: { name: string }; from: string; to: string }[] };
}

const rules = JSON.parse(readFileSync('.dependency-cruiser.json', 'utf8')) as Rules;
const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

async function look(): Promise<Result> {
  const { output } = await cruise(['src'], { ...rules.options, ruleSet: rules, validate: true } as never);
  if (typeof output === 'string') throw new TypeError('expected a cruise result');
  return output as unknown as Result;
}

describe('the layers', () => {
  let seen: Result;
  beforeAll(async () => {
    seen = await look();
  }, 120_000);

  test('every source file was read, and its imports with it', () => {
    const read = seen.modules.filter((module) => module.source.startsWith('src/'));
    expect(read.length).toBe(files.length);
    expect(read.filter((module) => module.dependencies.length > 0).length).toBeGreaterThan(files.length / 2);
  });

  test('no file imports what its layer may not', () => {
    expect(seen.summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`)).toEqual([]);
  });
});
