/** `assay diff OLD NEW`: what got better, what got worse, what is newly unknown, and why; of dossiers the product too, of baselines what they ask. */
import { type ControlChange, compareReports, type Difference } from '../../core/assessment/diff.ts';
import type { EditionDifference } from '../../core/baseline/compare.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { inertMarkdown, plural, safeText, wrap } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import { compareEditions, editionMarkdown, editionSections, editionSum } from '../editions.ts';
import { EXIT, few } from '../exit-code.ts';
import { isFolder } from '../files.ts';
import { NONE } from '../gatherers.ts';
import type { Io } from '../io.ts';
import { judgeOptions } from '../options.ts';
import type { ProductDifference } from '../product-diff.ts';
import { readReportOf, readSeen } from '../reading.ts';
import { readRules } from '../rules.ts';

export async function run({ arguments: [before, after], options: raw, io }: Call): Promise<number> {
  if (before === undefined || after === undefined)
    throw new UsageError('two reports or dossiers are needed', 'assay diff OLD NEW');
  const shelf = await library();
  const editions = await compareEditions(before, after, shelf);
  if (editions !== undefined) return tellEditions(editions, raw, io);
  const registry = await openRegistry(NONE);
  const rules = await readRules(shelf, judgeOptions(raw));
  const with_ = { library: shelf, registry, rules };
  const reports = compareReports(await readReportOf(before, with_), await readReportOf(after, with_));
  // A report holds what its checks cite; only a dossier holds all that was seen.
  const product = isFolder(before) && isFolder(after) ? await productOf(before, after) : undefined;
  const difference = { ...reports, ...(product === undefined ? {} : { product }) };
  if (raw['json'] === true) io.out(`${inertJson(difference)}\n`);
  else if (raw['markdown'] === true) io.out(markdownOf(difference));
  else tell(difference, io);
  const { controls, grown } = difference;
  const worse = [...controls.worse.filter(({ after: now }) => now === 'fail'), ...grown];
  return worse.some(({ obligation }) => obligation === 'mandatory') ? EXIT.failed : EXIT.good;
}

/** Editions of a standard are neither better nor worse. */
function tellEditions(difference: EditionDifference, raw: Call['options'], io: Io): number {
  if (raw['json'] === true) io.out(`${inertJson(difference)}\n`);
  else if (raw['markdown'] === true) io.out(editionMarkdown(difference));
  else {
    const lines = editionSections(difference).flatMap(({ title, lines }) => [
      title,
      ...lines.map((one) => `  ${one}`),
      '',
    ]);
    const fitted = [...lines, editionSum(difference)].flatMap((one) => folded(one, io.columns));
    io.out(`${fitted.join('\n')}\n`);
  }
  return EXIT.good;
}

/** Lines of at most `columns`, each going on two further in than it began. */
function folded(text: string, columns: number): readonly string[] {
  const indent = text.length - text.trimStart().length;
  const [first = '', ...rest] = wrap(safeText(text.trim(), 2000), columns - indent - 2);
  return [' '.repeat(indent) + first, ...rest.map((line) => ' '.repeat(indent + 2) + line)];
}

async function productOf(before: string, after: string): Promise<ProductDifference> {
  const { compareProducts } = await import('../product-diff.ts');
  return compareProducts(await readSeen(before), await readSeen(after));
}

type Both = Difference & { readonly product?: ProductDifference };

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** All that changed, worst first; sections without a line are left out. */
function sectionsOf({ controls, results, grown, gaps, product }: Both): readonly Section[] {
  const word = (outcome: ControlChange['after']): string =>
    outcome === undefined ? 'not there' : outcome === 'inconclusive' ? 'open' : outcome;
  const change = ({ control, title, before, after }: ControlChange): string =>
    `${control}: ${word(before)} → ${word(after)}  ${title}`;
  const { relieved, unknown } = openNow(controls);
  const sections: readonly Section[] = [
    { title: 'Worse', lines: controls.worse.map(change) },
    {
      title: 'Fails on something new',
      lines: grown.map(
        ({ check, title, before, after, subjects }) => `${check}: ${before} → ${after}  ${title}: ${few(subjects)}`,
      ),
    },
    { title: 'Newly unknown', lines: unknown.map(change) },
    { title: 'Fails no more, and is open now', lines: relieved.map(change) },
    { title: 'Better', lines: controls.better.map(change) },
    { title: 'Changed otherwise', lines: controls.other.map(change) },
    { title: 'New failures', lines: failureLines(results.appeared, true) },
    { title: 'Failures gone', lines: failureLines(results.gone, false) },
    { title: 'New gaps', lines: gaps.appeared.map((one) => `${one.scope}: ${one.message} (${one.source})`) },
    { title: 'Gaps gone', lines: gaps.gone.map(({ source, scope }) => `${scope} (${source})`) },
    ...(product === undefined ? [] : productSections(product)),
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

/** What is open now: what failed before is on its way, what passed is a loss of sight. */
function openNow({ newlyUnknown }: Difference['controls']): {
  readonly relieved: readonly ControlChange[];
  readonly unknown: readonly ControlChange[];
} {
  return {
    relieved: newlyUnknown.filter(({ before }) => before === 'fail'),
    unknown: newlyUnknown.filter(({ before }) => before !== 'fail'),
  };
}

/** A line for each check, and for each thing that is said of its subjects where that is told. */
function failureLines(list: Difference['results']['appeared'], told: boolean): readonly string[] {
  const groups = new Map<string, { readonly check: string; readonly message: string; readonly subjects: string[] }>();
  for (const { check, subject, message } of list) {
    const key = told ? `${check}\n${message}` : check;
    const group = groups.get(key) ?? { check, message: told ? `: ${message}` : '', subjects: [] };
    groups.set(key, group);
    group.subjects.push(subject);
  }
  return [...groups.values()].map(({ check, message, subjects }) => `${check} on ${few(subjects)}${message}`);
}

/** The product's own changes: what may matter most first. */
function productSections({ files, things }: ProductDifference): readonly Section[] {
  const sections = things.map(({ kind, appeared, gone, changed, note }) => ({
    title: kind,
    lines: [
      ...(note === undefined ? [] : [note]),
      ...appeared.map((one) => `new  ${one}`),
      ...gone.map((one) => `gone  ${one}`),
      ...changed.map(({ what, before, after }) => `${what}: ${before} → ${after}`),
    ],
  }));
  if (files === undefined) return sections;
  return [
    {
      title: 'Set-user-id and set-group-id programs',
      lines: [...files.setuid.appeared.map((one) => `new  ${one}`), ...files.setuid.gone.map((one) => `gone  ${one}`)],
    },
    ...sections,
    { title: 'Files changed', lines: files.changed.map(({ path, what }) => `${path}: ${what.join(', ')}`) },
    { title: 'Files added', lines: files.added },
    { title: 'Files removed', lines: files.removed },
    { title: 'Files moved', lines: files.moved.map(({ from, to }) => `${from} → ${to}`) },
  ];
}

const causeLines = ({ causes }: Difference): readonly string[] => causes.map(({ kind, what }) => `${kind}: ${what}`);

function sum({ controls }: Difference): string {
  const { relieved, unknown } = openNow(controls);
  return `${plural(controls.worse.length, 'control')} worse, ${controls.better.length} better, ${relieved.length} failing no more and open, ${unknown.length} newly unknown`;
}

/** Lines of one section before the rest is counted. */
const LISTED = 50;

function markdownOf(difference: Both): string {
  const sections = [
    ...sectionsOf(difference),
    { title: 'What differs between the two', lines: causeLines(difference) },
  ];
  const told = sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => {
      const more = lines.length > LISTED ? [`- and ${lines.length - LISTED} more`] : [];
      return [
        `### ${title} (${lines.length})`,
        '',
        ...lines.slice(0, LISTED).map((line) => `- ${inertMarkdown(line)}`),
        ...more,
      ].join('\n');
    });
  return `${[`## ${sum(difference)}`, ...told].join('\n\n')}\n`;
}

function tell(difference: Both, io: Io): void {
  const lines: string[] = [];
  const put = (text: string, hang = 0): void => {
    const [first = '', ...rest] = wrap(safeText(text, 2000), io.columns - hang - 2);
    lines.push(' '.repeat(hang) + first, ...rest.map((line) => ' '.repeat(hang + 2) + line));
  };
  const section = ({ title, lines: items }: Section): void => {
    put(`${title} (${items.length})`);
    for (const item of items.slice(0, LISTED)) put(item, 2);
    if (items.length > LISTED) put(`and ${items.length - LISTED} more: --json tells all`, 2);
    lines.push('');
  };
  const sections = sectionsOf(difference);
  sections.forEach(section);
  if (sections.length === 0) put('Nothing changed.');
  const causes = causeLines(difference);
  if (causes.length > 0) section({ title: 'What differs between the two', lines: causes });
  put(sum(difference));
  io.out(`${lines.join('\n')}\n`);
}
