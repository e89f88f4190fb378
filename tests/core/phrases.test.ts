/** Proves that each fact can be told: every type has words, and they stand whatever values its schema allows. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Fact, FactType } from '../../src/core/model/fact.ts';
import * as vocabulary from '../../src/facts/index.ts';
import { tell } from '../../src/facts/phrases/index.ts';
import type { Json } from '../../src/lib/schema.ts';

/**
 * Told by the member that decided a check: what such a fact says is long, and only one member of it matters.
 * The others are never what a check fails on.
 */
const UNTOLD = ['binary.hardening', 'tls.configuration', 'image.region', 'file.inventory'];

const types: readonly FactType[] = Object.values(vocabulary);

/** Any value of a schema: enough of JSON Schema for what fact types use. */
function arbitrary(json: { readonly [keyword: string]: Json }): fc.Arbitrary<unknown> {
  if (Array.isArray(json['enum'])) return fc.constantFrom(...(json['enum'] as Json[]));
  switch (json['type']) {
    case 'string':
      return fc.oneof(fc.string({ maxLength: 30 }), fc.constant(''), fc.constant('2026-01-01T00:00:00Z'));
    case 'integer':
      return fc.integer({ min: -10, max: 1 << 20 });
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(arbitrary(json['items'] as { [keyword: string]: Json }), { maxLength: 9 });
    default:
      return objectOf(json);
  }
}
function objectOf(json: { readonly [keyword: string]: Json }): fc.Arbitrary<unknown> {
  const properties = json['properties'] as { [name: string]: { [keyword: string]: Json } };
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, arbitrary(schema)]));
  return fc.record(members, { requiredKeys: json['required'] as string[] });
}

const factOf = (type: string, data: unknown): Fact => ({
  id: 'x',
  type,
  subject: { kind: 'target' },
  data,
  method: 'TEST',
  source: 'test',
  observedAt: '2026-01-01T00:00:00Z',
  evidence: [],
  derivedFrom: [],
});

test('every type of fact has words, but for those that are told by the member that decided', () => {
  const mute = types.filter(({ name, schema }) => {
    const samples = fc.sample(arbitrary(schema.json), { numRuns: 20, seed: 1 });
    return samples.every((data) => tell(factOf(name, data)) === undefined);
  });
  expect(mute.map(({ name }) => name).toSorted()).toEqual(UNTOLD.toSorted());
});

for (const { name, schema } of types.filter((one) => !UNTOLD.includes(one.name))) {
  test.prop([arbitrary(schema.json)], { numRuns: 40 })(
    `${name}: words for any value, and no word for what is absent`,
    (data) => {
      const words = tell(factOf(name, data)) ?? 'told by its member';
      expect(words).not.toBe('');
      expect(words).not.toContain('undefined');
      expect(words).not.toContain('[object');
    },
  );
}
