/** Every shipped baseline holds exactly what its catalogue holds: ids, obligations or levels, conditions. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Row {
  readonly id: string;
  readonly levels?: readonly string[];
  readonly obligation?: string;
  readonly status?: string;
  readonly applies?: unknown;
  readonly units?: readonly unknown[];
  /** Device features that the source lists, without saying whether any or all of them are meant. */
  readonly when?: readonly string[];
}
const catalogues = readdirSync('fixtures/catalogues').filter((name) => name.endsWith('.json'));
const shipped = readdirSync('baselines', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['checks', 'knowledge', 'schema'].includes(entry.name))
  .flatMap((entry) =>
    readdirSync(`baselines/${entry.name}`).map((file) => `${entry.name}@${file.replace(/\.yaml$/, '')}`),
  );

const read = (name: string) => {
  const [id = '', version = ''] = name.replace(/\.json$/, '').split('@');
  const catalogue = JSON.parse(readFileSync(`fixtures/catalogues/${id}@${version}.json`, 'utf8')) as {
    controls: Row[];
    counts?: { [level: string]: number };
  };
  const baseline = parse(readFileSync(`baselines/${id}/${version}.yaml`, 'utf8')) as { controls: Row[] };
  return { catalogue, baseline };
};

/** Every product has these. */
const ALWAYS = new Set(['all', 'hardware']);
/** Features of the source that the condition leaves out: a lock without NFC has a cylinder, a broker needs no cloud. */
const LEFT_OUT = new Set(['xiaomi-consumer-iot@2021-12 1.7 nfc', 'owasp-isvs@1.0 4.2.2 cloud']);

function featuresOf(applies: unknown): readonly string[] {
  if (applies === 'always') return [];
  if (typeof applies === 'string') return [applies];
  return Object.values(applies as object).flatMap((parts: unknown) =>
    (Array.isArray(parts) ? parts : [parts]).flatMap(featuresOf),
  );
}

test('every shipped baseline has a catalogue to be held against', () => {
  expect(catalogues.map((name) => name.replace(/\.json$/, '')).sort()).toEqual(shipped.sort());
});

describe.each(catalogues)('%s', (name) => {
  const { catalogue, baseline } = read(name);
  test('ids are the catalogue’s, in its order', () => {
    expect(baseline.controls.map((control) => control.id)).toEqual(catalogue.controls.map((row) => row.id));
  });
  test('levels and obligations are the catalogue’s', () => {
    const told = (row: Row) =>
      row.levels !== undefined && row.levels.length > 0 ? row.levels : (row.obligation ?? 'advisory');
    expect(baseline.controls.map((control) => [control.id, told(control)])).toEqual(
      catalogue.controls.map((row) => [row.id, told(row)]),
    );
  });
  test('statuses and conditions are the catalogue’s', () => {
    const rows = catalogue.controls.filter((row) => row.applies !== undefined);
    const by = new Map(baseline.controls.map((control) => [control.id, control]));
    expect(rows.map((row) => [row.id, by.get(row.id)?.status, by.get(row.id)?.applies])).toEqual(
      rows.map((row) => [row.id, row.status, row.applies]),
    );
  });
  test('conditions speak of the features that the catalogue lists', () => {
    const rows = catalogue.controls.filter((row) => row.when !== undefined);
    const asked = (row: Row) =>
      row.when?.some((feature) => ALWAYS.has(feature))
        ? []
        : row.when?.filter((feature) => !LEFT_OUT.has(`${name.replace(/\.json$/, '')} ${row.id} ${feature}`));
    const by = new Map(baseline.controls.map((control) => [control.id, control]));
    expect(rows.map((row) => [row.id, featuresOf(by.get(row.id)?.applies).toSorted()])).toEqual(
      rows.map((row) => [row.id, asked(row)?.toSorted()]),
    );
  });
  test('every control has a unit', () => {
    expect(
      baseline.controls.filter((control) => (control.units ?? []).length === 0).map((control) => control.id),
    ).toEqual([]);
  });
  test('levels count as the source counts them', () => {
    for (const [level, count] of Object.entries(catalogue.counts ?? {})) {
      expect(baseline.controls.filter((control) => control.levels?.includes(level)).length).toBe(count);
    }
  });
});

test.each([
  ['2.1.1', 33, 35, 226],
  ['3.1.3', 36, 42, undefined],
])('ETSI EN 303 645 %s has %i mandatory and %i recommended provisions', (version, mandatory, recommended, units) => {
  const { baseline } = read(`etsi-en-303-645@${version}`);
  const count = (obligation: string) => baseline.controls.filter((control) => control.obligation === obligation).length;
  expect([count('mandatory'), count('recommended')]).toEqual([mandatory, recommended]);
  if (units !== undefined)
    expect(baseline.controls.reduce((sum, control) => sum + (control.units?.length ?? 0), 0)).toBe(units);
});
