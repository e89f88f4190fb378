/** No check reads a fact that nothing makes. */
import { expect, test } from 'vitest';
import { openLibrary } from '../../src/core/baseline/library.ts';
import type { FactType } from '../../src/core/model/fact.ts';
import * as analyzers from '../../src/plugins/analyzers/index.ts';
import * as declarations from '../../src/plugins/declarations/index.ts';
import * as derivers from '../../src/plugins/derivers/index.ts';
import * as inspectors from '../../src/plugins/inspectors/index.ts';
import * as probes from '../../src/plugins/probes/index.ts';
import { words } from '../support/library.ts';

const gatherers: readonly { readonly produces: readonly FactType[] }[] = [
  probes,
  analyzers,
  declarations,
  derivers,
  inspectors,
].flatMap((kind) => Object.values(kind));
/** Made by the engine from what unpackers return. */
const BY_ENGINE = /^image\./;
const made = new Set(gatherers.flatMap(({ produces }) => produces.map(({ name }) => name)));
const isMade = (name: string): boolean => made.has(name) || BY_ENGINE.test(name);

test('every fact that a check reads has a gatherer', async () => {
  const library = await openLibrary(words);
  const dead = [...library.checks.keys()].flatMap((id) => {
    const { expect: expected, appliesWhen } = library.check(id);
    const reads = [...expected.reads, ...(appliesWhen?.reads ?? [])];
    return reads.filter((name) => !isMade(name)).map((name) => `${id} reads ${name}`);
  });
  expect(dead).toEqual([]);
});

test('every word of the vocabulary is made by somebody', () => {
  expect(words.facts.map(({ name }) => name).filter((name) => !isMade(name))).toEqual([]);
});

test('every check is cited by a control', async () => {
  const library = await openLibrary(words);
  const shipped = library.assets.filter(({ kind }) => kind === 'baseline');
  const baselines = await Promise.all(shipped.map(({ id, version }) => library.baseline(`${id}@${version}`)));
  const cited = new Set(
    baselines.flatMap(({ controls }) =>
      controls.flatMap(({ units }) => units.flatMap(({ checks }) => checks.map(({ id }) => id))),
    ),
  );
  expect([...library.checks.keys()].filter((id) => !cited.has(id))).toEqual([]);
});
