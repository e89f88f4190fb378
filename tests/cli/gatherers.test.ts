/** What commands know of gatherers that they do not run: what the gatherers say of themselves. */
import { readFileSync } from 'node:fs';
import { expect, describe as group, test } from 'vitest';
import { openRegistry } from '../../src/cli/compose.ts';
import { describe, KINDS, kindsFor } from '../../src/cli/gatherers.ts';

const nothing = { devices: [], firmware: [], updates: [] };

group('gatherers', () => {
  test('the build wrote of every gatherer what it says of itself', async () => {
    const written = JSON.parse(readFileSync('dist/assets/gatherers.json', 'utf8')) as Record<string, unknown>;
    const registry = await openRegistry();
    const said = Object.fromEntries(KINDS.map((kind) => [kind, describe(registry[kind])]));
    expect(written).toEqual(JSON.parse(JSON.stringify(said)));
  });

  test.each([
    [{ ...nothing, devices: ['a'] }, ['derivers', 'probes']],
    [{ ...nothing, firmware: ['a'] }, ['derivers', 'analyzers', 'inspectors']],
    [{ ...nothing, updates: ['a'] }, ['derivers', 'inspectors']],
    [{ ...nothing, declaration: 'a' }, ['derivers', 'declarations']],
  ])('for %j these run: %j', (given, kinds) => {
    expect([...kindsFor(given)]).toEqual(kinds);
  });
});
