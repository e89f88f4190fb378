/** `assay list`: what there is, as a table or as JSON. */
import { feedings } from '../../core/assessment/plan.ts';
import { nearest } from '../../core/baseline/nearest.ts';
import type { Baseline, Control } from '../../core/model/baseline.ts';
import { UsageError } from '../../lib/fault.ts';
import { safeText } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { exporters, factTypes, library, openRegistry, reporters, unpackers, verifiers } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { NONE } from '../gatherers.ts';
import { DEFAULT_BASELINES } from '../rules.ts';

/** One line: what is said of a thing, by column. */
type Row = { readonly [column: string]: unknown };
interface Asked {
  readonly baseline?: string;
  readonly coverage: boolean;
}

const KINDS: { readonly [kind: string]: (asked: Asked) => Promise<readonly Row[]> } = {
  baselines: listBaselines,
  controls: listControls,
  checks: listChecks,
  facts: listFacts,
  gatherers: listGatherers,
  unpackers: listUnpackers,
  formats: listFormats,
};

export async function run({ arguments: [what = ''], options, io }: Call): Promise<number> {
  const list = KINDS[what];
  if (list === undefined || !Object.hasOwn(KINDS, what))
    throw new UsageError(
      `there is no list of '${what}'`,
      nearest(what, Object.keys(KINDS)) ?? `lists: ${Object.keys(KINDS).join(', ')}`,
    );
  const { baseline } = options;
  const rows = await list({
    coverage: options['coverage'] === true,
    ...(typeof baseline === 'string' ? { baseline } : {}),
  });
  io.out(
    options['json'] === true ? `${JSON.stringify(rows, null, 2)}\n` : table(rows, io.outIsTerminal ? io.columns : 0),
  );
  return EXIT.good;
}

/** Columns as wide as their widest cell; the last takes the rest and is cut at the terminal's edge. */
function table(rows: readonly Row[], width: number): string {
  const [first] = rows;
  if (first === undefined) return 'nothing\n';
  const columns = Object.keys(first);
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.min(48, Math.max(...cells.map((row) => row[index]?.length ?? 0))));
  const lines = cells.map((row) => {
    const line = row
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
    return width > 0 && line.length > width ? `${line.slice(0, width - 1)}…` : line;
  });
  return `${lines.join('\n')}\n`;
}
const cell = (value: unknown): string =>
  safeText(Array.isArray(value) ? value.join(' ') : value === undefined ? '' : String(value), 200);

async function listBaselines(): Promise<readonly Row[]> {
  const { assets } = await library();
  return assets
    .filter(({ kind }) => kind === 'baseline')
    .map(({ id, version, title, sha256 }) => ({ id, version, title, sha256: sha256.slice(0, 12) }));
}

async function baselinesOf(asked: Asked): Promise<readonly Baseline[]> {
  const shelf = await library();
  if (asked.baseline !== undefined) return [await shelf.baseline(asked.baseline)];
  const shipped = new Set(shelf.assets.filter(({ kind }) => kind === 'baseline').map(({ id }) => id));
  const names = DEFAULT_BASELINES.filter((name) => shipped.has(name.replace(/:.*/, '')));
  return Promise.all(names.map((name) => shelf.baseline(name)));
}

async function listControls(asked: Asked): Promise<readonly Row[]> {
  const baselines = await baselinesOf(asked);
  return baselines.flatMap((baseline) =>
    baseline.controls.map((control) => ({
      baseline: baseline.id,
      id: control.id,
      obligation: control.obligation,
      ...(asked.coverage ? coverage(control) : {}),
      title: control.title,
    })),
  );
}

/** What decides a control: how many of its units checks decide, can only refute, or leave to a person. */
function coverage(control: Control): Row {
  const of = (mark: string): number => control.units.filter((unit) => unit.mark === mark).length;
  const checks = new Set(control.units.flatMap((unit) => unit.checks.map(({ id }) => id)));
  return { decide: of('decide'), refute: of('refute'), person: of('person'), checks: [...checks] };
}

async function listChecks(asked: Asked): Promise<readonly Row[]> {
  const shelf = await library();
  if (asked.baseline === undefined)
    return [...shelf.checks.keys()].sort().map((id) => {
      const { severity, title } = shelf.check(id);
      return { id, severity, title };
    });
  const { controls } = await shelf.baseline(asked.baseline);
  const cited = new Map(
    controls.flatMap(({ units }) => units.flatMap(({ checks }) => checks.map((check) => [check.key, check] as const))),
  );
  return [...cited.values()]
    .map(({ id, key, severity, title }) => ({ id, key, severity, title }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function listFacts(): Promise<readonly Row[]> {
  const registry = feedings(await openRegistry(NONE));
  return (await factTypes())
    .map(({ name, over, title, schema }) => ({
      name,
      over,
      sources: registry.filter(({ produces }) => produces.some((type) => type.name === name)).map(({ id }) => id),
      title,
      schema: schema.json,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ schema, ...row }) => Object.defineProperty(row, 'schema', { value: schema, enumerable: false }));
}

async function listGatherers(): Promise<readonly Row[]> {
  const { opening, probes, analyzers, inspectors, declarations, derivers } = await openRegistry(NONE);
  const row =
    (kind: string) =>
    (one: {
      readonly id: string;
      readonly title: string;
      readonly intrusion?: string;
      readonly produces: readonly { readonly name: string }[];
    }): Row => ({
      id: one.id,
      kind,
      intrusion: one.intrusion ?? 'passive',
      produces: one.produces.map(({ name }) => name),
      title: one.title,
    });
  return [
    row('unpacking')(opening),
    ...probes.map(row('probe')),
    ...analyzers.map(row('analyzer')),
    ...inspectors.map(row('inspector')),
    ...declarations.map(row('declaration')),
    ...derivers.map(row('deriver')),
  ];
}

async function listUnpackers(): Promise<readonly Row[]> {
  const opened = (await unpackers()).map(({ id, class: kind, title, unpack }) => ({
    id,
    class: kind,
    opens: unpack !== undefined,
    title,
  }));
  const verified = (await verifiers()).map(({ id, title }) => ({ id, class: 'signature', opens: false, title }));
  return [...opened, ...verified];
}

async function listFormats(): Promise<readonly Row[]> {
  const row =
    (kind: string) =>
    ({ id, extension, title }: { readonly id: string; readonly extension: string; readonly title: string }): Row => ({
      id,
      kind,
      extension,
      title,
    });
  return [...(await reporters()).map(row('report')), ...(await exporters()).map(row('export'))];
}
