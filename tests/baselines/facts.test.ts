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
/** Facts whose gatherers are still to come; take a name out with its gatherer. */
const PENDING = new Set(['net.stack']);

test('every fact that a check reads has a gatherer, or is known to wait for one', async () => {
  const library = await openLibrary(words);
  const made = new Set(gatherers.flatMap(({ produces }) => produces.map(({ name }) => name)));
  const dead = [...library.checks.keys()].flatMap((id) => {
    const { expect: expected, appliesWhen } = library.check(id);
    const reads = [...expected.reads, ...(appliesWhen?.reads ?? [])];
    const unmade = reads.filter((name) => !made.has(name) && !PENDING.has(name) && !BY_ENGINE.test(name));
    return unmade.map((name) => `${id} reads ${name}`);
  });
  expect(dead).toEqual([]);
});
