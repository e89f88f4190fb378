/** `assay diff OLD NEW`: what got better, what got worse, what is newly unknown, and why; of two baselines what they ask otherwise. */
import { type ControlChange, compareReports, type Difference } from '../../core/assessment/diff.ts';
import type { EditionDifference } from '../../core/baseline/compare.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertMarkdown, plural, safeText, wrap } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import { compareEditions, editionMarkdown, editionSections, editionSum } from '../editions.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { judgeOptions } from '../options.ts';
import { readReportOf } from '../reading.ts';
import { readRules } from '../rules.ts';

export async function run({ arguments: [before, after], options: raw, io }: Call): Promise<number> {
  if (before === undefined || after === undefined)
    throw new UsageError('two reports or dossiers are needed', 'assay diff OLD NEW');
  const shelf = await library();
  const editions = await compareEditions(before, after, shelf);
  if (editions !== undefined) return tellEditions(editions, raw, io);
  const registry = await openRegistry();
  const rules = await readRules(shelf, judgeOptions(raw));
  const with_ = { library: shelf, registry, rules };
  const difference = compareReports(await readReportOf(before, with_), await readReportOf(after, with_));
  if (raw['json'] === true) io.out(`${JSON.stringify(difference, null, 2)}\n`);
  else if (raw['markdown'] === true) io.out(markdownOf(difference));
  else tell(difference, io);
  const { controls, grown } = difference;
  const worse = [...controls.worse.filter(({ after: now }) => now === 'fail'), ...grown];
  return worse.some(({ obligation }) => obligation === 'mandatory') ? EXIT.failed : EXIT.good;
}

/** Editions of a standard are neither better nor worse. */
function tellEditions(difference: EditionDifference, raw: Call['options'], io: Io): number {
  if (raw['json'] === true) io.out(`${JSON.stringify(difference, null, 2)}\n`);
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

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** All that changed, worst first; sections without a line are left out. */
function sectionsOf({ controls, results, grown, gaps }: Difference): readonly Section[] {
  const change = ({ control, title, before, after }: ControlChange): string =>
    `${control}: ${before ?? 'not there'} → ${after ?? 'not there'}  ${title}`;
  const sections: readonly Section[] = [
    { title: 'Worse', lines: controls.worse.map(change) },
    {
      title: 'Fails on more than before',
      lines: grown.map(({ check, title, before, after }) => `${check}: ${before} → ${after}  ${title}`),
    },
    { title: 'Newly unknown', lines: controls.newlyUnknown.map(change) },
    { title: 'Better', lines: controls.better.map(change) },
    { title: 'Changed otherwise', lines: controls.other.map(change) },
    { title: 'New failures', lines: results.appeared.map((one) => `${one.check} on ${one.subject}: ${one.message}`) },
    { title: 'Failures gone', lines: results.gone.map(({ check, subject }) => `${check} on ${subject}`) },
    { title: 'New gaps', lines: gaps.appeared.map((one) => `${one.scope}: ${one.message} (${one.source})`) },
    { title: 'Gaps gone', lines: gaps.gone.map(({ source, scope }) => `${scope} (${source})`) },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

const causeLines = ({ causes }: Difference): readonly string[] => causes.map(({ kind, what }) => `${kind}: ${what}`);

const sum = ({ controls: { worse, better, newlyUnknown } }: Difference): string =>
  `${plural(worse.length, 'control')} worse, ${better.length} better, ${newlyUnknown.length} newly unknown`;

/** Lines of one section in a comment of a merge request before the rest is counted. */
const LISTED = 50;

function markdownOf(difference: Difference): string {
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

function tell(difference: Difference, io: Io): void {
  const lines: string[] = [];
  const put = (text: string, hang = 0): void => {
    const [first = '', ...rest] = wrap(safeText(text, 2000), io.columns - hang);
    lines.push(' '.repeat(hang) + first, ...rest.map((line) => ' '.repeat(hang + 2) + line));
  };
  const section = ({ title, lines: items }: Section): void => {
    put(`${title} (${items.length})`);
    for (const item of items) put(item, 2);
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
