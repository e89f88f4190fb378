/** `assay list`: what there is, as a table or as JSON. */
import { feedings } from '../../core/assessment/plan.ts';
import { nearest } from '../../core/baseline/nearest.ts';
import type { Baseline, Control } from '../../core/model/baseline.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { safeText, wrap } from '../../lib/text.ts';
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

/** What `--json` tells whole, and the columns of it that a person is shown: the last one is the title. */
interface Kind {
  readonly rows: (asked: Asked) => Promise<readonly Row[]>;
  readonly shown: readonly string[];
}

const KINDS: { readonly [kind: string]: Kind } = {
  baselines: { rows: listBaselines, shown: ['id', 'version', 'title'] },
  controls: {
    rows: listControls,
    shown: ['baseline', 'id', 'obligation', 'decide', 'refute', 'person', 'checks', 'title'],
  },
  checks: { rows: listChecks, shown: ['id', 'key', 'severity', 'title'] },
  facts: { rows: listFacts, shown: ['name', 'over', 'title'] },
  keywords: { rows: listKeywords, shown: ['name', 'at', 'takes', 'title'] },
  gatherers: { rows: listGatherers, shown: ['id', 'kind', 'intrusion', 'title'] },
  unpackers: { rows: listUnpackers, shown: ['id', 'class', 'opens', 'title'] },
  formats: { rows: listFormats, shown: ['id', 'kind', 'extension', 'title'] },
};

export async function run({ arguments: [what = ''], options, io }: Call): Promise<number> {
  const kind = KINDS[what];
  if (kind === undefined || !Object.hasOwn(KINDS, what))
    throw new UsageError(
      `there is no list of '${what}'`,
      nearest(what, Object.keys(KINDS)) ?? `lists: ${Object.keys(KINDS).join(', ')}`,
    );
  const { baseline } = options;
  const rows = await kind.rows({
    coverage: options['coverage'] === true,
    ...(typeof baseline === 'string' ? { baseline } : {}),
  });
  io.out(
    options['json'] === true
      ? `${inertJson(rows)}\n`
      : table(rows, kind.shown, io.outIsTerminal ? io.columns : Number.POSITIVE_INFINITY),
  );
  return EXIT.good;
}

/** Columns that a title needs beside the others; with fewer it has lines of its own. */
const ROOM = 20;
/** A cell is at most so wide. */
const CELL = 48;

/** Columns as wide as their widest cell; the title takes what is left of a terminal's line, and goes on under itself. */
function table(rows: readonly Row[], shown: readonly string[], width: number): string {
  const [first] = rows;
  if (first === undefined) return 'nothing\n';
  const columns = shown.filter((column) => column in first);
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.min(CELL, Math.max(...cells.map((row) => row[index]?.length ?? 0))));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const lines = cells.flatMap((row) => {
    const lead = row
      .slice(0, -1)
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ');
    const title = row.at(-1) ?? '';
    if (lead.length + 2 + title.length <= width) return [`${lead}  ${title}`.trimEnd()];
    if (width - before < ROOM || lead.length + 2 > before)
      return [...wrap(lead.trimEnd(), width, 2), ...wrap(title, width - 4).map((line) => `    ${line}`)];
    const [start = '', ...rest] = wrap(title, width - before);
    return [`${lead}  ${start}`, ...rest.map((line) => ' '.repeat(before) + line)];
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
    .map(({ name, over, title }) => ({
      name,
      over,
      sources: registry.filter(({ produces }) => produces.some((type) => type.name === name)).map(({ id }) => id),
      title,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Words of conditions beyond those of JSON Schema. */
async function listKeywords(): Promise<readonly Row[]> {
  const { keywords } = (await library()).vocabulary;
  return [...keywords.values()].map(({ name, suits, operand, title }) => ({
    name,
    at: suits,
    takes: Array.isArray(operand['enum']) ? operand['enum'] : operand['type'],
    title: title.replace(/:$/, ''),
  }));
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
