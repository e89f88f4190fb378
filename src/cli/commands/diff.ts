/** `assay diff OLD NEW`: what got better, what got worse, what is newly unknown, and why. */
import { type ControlChange, compareReports, type Difference } from '../../core/assessment/diff.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural, safeText, wrap } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { judgeOptions } from '../options.ts';
import { readReportOf } from '../reading.ts';
import { readRules } from '../rules.ts';

export async function run({ arguments: [before, after], options: raw, io }: Call): Promise<number> {
  if (before === undefined || after === undefined)
    throw new UsageError('two reports or dossiers are needed', 'assay diff OLD NEW');
  const [shelf, registry] = [await library(), await openRegistry()];
  const rules = await readRules(shelf, judgeOptions(raw));
  const with_ = { library: shelf, registry, rules };
  const difference = compareReports(await readReportOf(before, with_), await readReportOf(after, with_));
  if (raw['json'] === true) io.out(`${JSON.stringify(difference, null, 2)}\n`);
  else tell(difference, io);
  return difference.controls.worse.some(({ after: now, obligation }) => now === 'fail' && obligation === 'mandatory')
    ? EXIT.failed
    : EXIT.good;
}

function tell({ controls, results, gaps, causes }: Difference, io: Io): void {
  const lines: string[] = [];
  const put = (text: string, hang = 0): void => {
    const [first = '', ...rest] = wrap(safeText(text, 2000), io.columns - hang);
    lines.push(' '.repeat(hang) + first, ...rest.map((line) => ' '.repeat(hang + 2) + line));
  };
  const section = <T>(title: string, items: readonly T[], line: (item: T) => string): void => {
    if (items.length === 0) return;
    put(`${title} (${items.length})`);
    for (const item of items) put(line(item), 2);
    lines.push('');
  };
  section('Worse', controls.worse, changeLine);
  section('Newly unknown', controls.newlyUnknown, changeLine);
  section('Better', controls.better, changeLine);
  section('Changed otherwise', controls.other, changeLine);
  section('New failures', results.appeared, ({ check, subject, message }) => `${check} on ${subject}: ${message}`);
  section('Failures gone', results.gone, ({ check, subject }) => `${check} on ${subject}`);
  section('New gaps', gaps.appeared, ({ source, scope, message }) => `${scope}: ${message} (${source})`);
  section('Gaps gone', gaps.gone, ({ source, scope }) => `${scope} (${source})`);
  if (lines.length === 0) put('Nothing changed.');
  section('What differs between the two', causes, ({ kind, what }) => `${kind}: ${what}`);
  const { worse, better, newlyUnknown } = controls;
  put(`${plural(worse.length, 'control')} worse, ${better.length} better, ${newlyUnknown.length} newly unknown`);
  io.out(`${lines.join('\n')}\n`);
}

const changeLine = ({ control, title, before, after }: ControlChange): string =>
  `${control}: ${before ?? 'not there'} → ${after ?? 'not there'}  ${title}`;
