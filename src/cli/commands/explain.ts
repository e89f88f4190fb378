/** `assay explain ID`: a control, check, fact, gatherer, unpacker, keyword or format from its own metadata, or one fact that was seen. */
import { featureNames } from '../../core/assessment/applicability.ts';
import { readsOf } from '../../core/baseline/check.ts';
import type { Library } from '../../core/baseline/library.ts';
import { nearest } from '../../core/baseline/nearest.ts';
import type { Baseline, Check, Control } from '../../core/model/baseline.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { safeText, wrap } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import * as compose from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { factPage, isFactId } from '../explain-fact.ts';
import { NONE } from '../gatherers.ts';
import type { Io } from '../io.ts';
import { TERMS } from '../terms.ts';

/** A thing with what is to be said of it, in order: heading and text, or list. */
interface Page {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly said: readonly (readonly [string, string | readonly string[]])[];
  /** Lines to be shown as they are. */
  readonly shown?: readonly (readonly [string, readonly string[]])[];
  /** What `--json` tells besides. */
  readonly json?: { readonly [name: string]: unknown };
}

/** Characters of one text that are shown. */
const SHOWN = 4000;

export async function run({ arguments: [id = ''], options, io }: Call): Promise<number> {
  const only = typeof options['baseline'] === 'string' ? options['baseline'] : undefined;
  if (isFactId(id)) return explainFact(id, options, io);
  const shelf = await compose.library();
  const pages = [...(await controlPages(shelf, id, only)), ...(await otherPages(shelf, id))];
  if (pages.length === 0) throw new UsageError(`nothing is called '${id}'`, await hint(shelf, id));
  if (options['json'] === true) io.out(`${inertJson(pages.map(plain))}\n`);
  else io.out(pages.map((page) => printed(page, io)).join('\n'));
  return EXIT.good;
}

async function explainFact(id: string, options: Call['options'], io: Io): Promise<number> {
  const from = options['in'];
  if (typeof from !== 'string')
    throw new UsageError(`${id} is the id of something that was seen`, `assay explain ${id} --in REPORT.json|DOSSIER`);
  const page = await factPage(id, from);
  if (options['json'] === true)
    io.out(`${inertJson({ ...plain(page), evidence: page.shown.map(([, lines]) => lines) })}\n`);
  else io.out(printed(page, io));
  return EXIT.good;
}

const plain = ({ id, kind, title, said, json = {} }: Page): object => ({
  id,
  kind,
  title,
  ...Object.fromEntries(said),
  ...json,
});

/** A baseline may be anybody's: its words are shown and never obeyed. */
function printed({ id, kind, title, said, shown = [] }: Page, io: Io): string {
  const lines = [`${kind} ${safeText(id)}`, ...wrap(safeText(title, SHOWN), io.columns), ''];
  for (const [head, body] of said) {
    if (body.length === 0) continue;
    lines.push(`${head}:`);
    for (const item of typeof body === 'string' ? [body] : body)
      lines.push(...wrap(safeText(item, SHOWN), io.columns - 2, 2).map((line) => `  ${line}`));
  }
  for (const [head, body] of shown) lines.push(`${head}:`, ...body.map((line) => `  ${safeText(line)}`));
  return `${lines.join('\n')}\n`;
}

/** `5.5-1`, `etsi-en-303-645/5.5-1`: in every newest edition that has it, or in the baseline that was asked for. */
async function controlPages(shelf: Library, id: string, only: string | undefined): Promise<readonly Page[]> {
  const shipped = [...new Set(shelf.assets.filter(({ kind }) => kind === 'baseline').map((asset) => asset.id))];
  const names = only === undefined ? shipped : [only];
  const pages: Page[] = [];
  for (const name of names) {
    const baseline = await shelf.baseline(name);
    const control = baseline.controls.find((one) => one.id === id || `${baseline.id}/${one.id}` === id);
    if (control !== undefined) pages.push(controlPage(baseline, control));
  }
  return pages;
}

function controlPage(baseline: Baseline, control: Control): Page {
  const features = featureNames(control.applies);
  return {
    id: `${baseline.id}/${control.id}`,
    kind: 'control',
    title: control.title,
    said: [
      ['What it asks', control.text],
      ['Obligation', [control.obligation, control.status].filter((part) => part !== undefined).join(', ')],
      ['Applies', features.length === 0 ? 'always' : `by features: ${features.join(', ')}`],
      [
        'Units',
        control.units.map((unit) => `${unit.id} [${unit.mark}] ${unit.checks.map(({ key }) => key).join(', ')}`),
      ],
      [
        'Work for a person',
        control.units.flatMap((unit) => (unit.work === undefined ? [] : [`${unit.id}: ${unit.work}`])),
      ],
      ['Attest it as', control.units.map((unit) => `${baseline.id}/${control.id}/${unit.id}`)],
      ['Passes by', control.deemedBy ?? []],
      ['Confidence', [control.confidence, control.note].filter((part) => part !== undefined).join(': ')],
      [
        'Elsewhere',
        control.references.map(
          ({ standard, ids, judged }) => `${standard} ${ids.join(', ')}${judged ? ' (judged)' : ''}`,
        ),
      ],
    ],
  };
}

/** Every control of the newest editions that rests on a check: `baseline/control [mark]`. */
async function citing(shelf: Library, id: string): Promise<readonly string[]> {
  const names = [...new Set(shelf.assets.filter(({ kind }) => kind === 'baseline').map((asset) => asset.id))];
  const cited: string[] = [];
  for (const name of names) {
    for (const control of (await shelf.baseline(name)).controls) {
      const marks = control.units
        .filter(({ checks }) => checks.some((check) => check.id === id))
        .map(({ mark }) => mark);
      if (marks.length > 0) cited.push(`${name}/${control.id} [${[...new Set(marks)].join(', ')}]`);
    }
  }
  return cited;
}

function checkPage(check: Check, shelf: Library, cited: readonly string[]): Page {
  return {
    id: check.id,
    kind: 'check',
    title: check.title,
    said: [
      ['Severity', check.severity],
      ['Reads', [...check.expect.reads, ...(check.appliesWhen?.reads ?? [])]],
      ['Parameters', Object.entries(check.parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)],
      ['Mend', check.remediation],
      ['References', check.references],
      ['Cited by', cited],
      ['Written in', `${check.at.file}${check.at.line === undefined ? '' : `:${check.at.line}`}`],
    ],
    ...asJson('Condition', shelf.checks.get(check.id)?.raw.expect ?? null),
  };
}

/** A value that a person reads line by line, and a program whole. */
const asJson = (name: string, value: unknown): Pick<Page, 'shown' | 'json'> => ({
  shown: [[name, inertJson(value).split('\n')]],
  json: { [name]: value },
});

async function otherPages(shelf: Library, id: string): Promise<readonly Page[]> {
  const registry = await compose.openRegistry(NONE);
  const pages: Page[] = [];
  if (shelf.checks.has(id)) pages.push(checkPage(shelf.check(id), shelf, await citing(shelf, id)));
  const fact = (await compose.factTypes()).find(({ name }) => name === id);
  if (fact !== undefined)
    pages.push({
      id,
      kind: 'fact',
      title: fact.title,
      said: [
        ['Area', fact.over],
        ['Made by', everyGatherer(registry).flatMap((one) => (one.produces.includes(fact) ? [one.id] : []))],
        ['Read by', [...shelf.checks.keys()].filter((check) => readsOf(shelf.check(check)).has(id))],
      ],
      ...asJson('Shape', fact.schema.json),
    });
  for (const one of everyGatherer(registry).filter((gatherer) => gatherer.id === id))
    pages.push({
      id,
      kind: 'gatherer',
      title: one.title,
      said: [
        ['Intrusion', one.intrusion],
        ['Consumes', one.consumes.map(({ name }) => name)],
        ['Produces', one.produces.map(({ name }) => name)],
      ],
    });
  return [...pages, ...(await simplePages(id))];
}

const everyGatherer = (registry: Awaited<ReturnType<typeof compose.openRegistry>>) => [
  ...registry.probes,
  ...registry.analyzers,
  ...registry.inspectors,
  ...registry.declarations,
  ...registry.derivers,
];

async function simplePages(id: string): Promise<readonly Page[]> {
  const groups: readonly (readonly [string, readonly { readonly id: string; readonly title: string }[]])[] = [
    ['unpacker', await compose.unpackers()],
    ['signature format', await compose.verifiers()],
    ['report format', await compose.reporters()],
    ['export format', await compose.exporters()],
    ['keyword', (await compose.keywords()).map(({ name, title }) => ({ id: name, title }))],
  ];
  const things = groups.flatMap(([kind, list]) =>
    list.filter((one) => one.id === id).map(({ title }): Page => ({ id, kind, title, said: [] })),
  );
  const terms = TERMS.filter((one) => one.id === id).map(
    ({ title, seeAlso }): Page => ({ id, kind: 'term', title, said: [['See also', seeAlso.join(', ')]] }),
  );
  return [...things, ...terms];
}

async function hint(shelf: Library, id: string): Promise<string> {
  const registry = await compose.openRegistry(NONE);
  const names = [
    ...shelf.checks.keys(),
    ...(await compose.factTypes()).map(({ name }) => name),
    ...[...registry.probes, ...registry.analyzers, ...registry.derivers].map((one) => one.id),
    ...TERMS.map((one) => one.id),
  ];
  return nearest(id, names) ?? 'assay list controls|checks|facts|gatherers|unpackers|formats shows what there is';
}
