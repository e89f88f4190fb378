/** The report as GitHub workflow commands: annotations for what fails and for what was tried and not seen. */
import type { Reporter } from '../../core/model/renderer.ts';
import type { Report } from '../../core/model/report.ts';
import { nameOf, shownName } from '../../core/model/target.ts';
import {
  baselineName,
  byCheck,
  citationPhrase,
  factsById,
  findingsOf,
  placeOf,
  resultLine,
} from '../../core/model/telling.ts';
import { plural, safeText } from '../../lib/text.ts';

/** GitHub shows ten annotations of a kind for a step: a check has one, and the rest is one line that counts it. */
const ANNOTATIONS = 10;

export const github: Reporter = {
  id: 'github',
  title: 'GitHub workflow commands: annotations of a run',
  extension: 'txt',
  mediaType: 'text/plain',
  render(report) {
    const lines = [...failureLines(report), ...gapLines(report), ...waiverLines(report), ...verdictLines(report)];
    return `${lines.join('\n')}\n`;
  },
};

function failureLines(report: Report): readonly string[] {
  const facts = factsById(report);
  const checks = byCheck(findingsOf(report, 'fail'));
  const mandatory = (one: (typeof checks)[number]): boolean => one.list[0]?.obligation === 'mandatory';
  const kinds = [
    { word: 'error', list: checks.filter((one) => mandatory(one)) },
    { word: 'warning', list: checks.filter((one) => !mandatory(one)) },
  ];
  return kinds.flatMap(({ word, list }) => {
    const shown = list.length > ANNOTATIONS ? list.slice(0, ANNOTATIONS - 1) : list;
    const lines = shown.flatMap(({ check, list: [first, ...others] }) => {
      if (first === undefined) return [];
      const { result, citations } = first;
      const { line } = placeOf(result, facts);
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
      const body = `${resultLine(result, 600)}${more} (${citationPhrase(citations)}). ${safeText(check.remediation, 600)}`;
      return command(
        word,
        { title: check.title, ...(line === undefined ? {} : { file: nameOf(result.subject), line }) },
        body,
      );
    });
    if (shown.length < list.length)
      lines.push(
        command(word, { title: 'assay' }, `${list.length - shown.length} more of this kind are in the report`),
      );
    return lines;
  });
}

function gapLines(report: Report): readonly string[] {
  const gaps = report.coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  const shown = gaps.slice(0, 3).map((gap) => `${shownName(gap.scope)}: ${gap.unseen.message}`);
  if (gaps.length === 0) return [];
  const more = gaps.length > shown.length ? ` and ${gaps.length - shown.length} more` : '';
  return [
    command('warning', { title: `${plural(gaps.length, 'thing')} tried and not seen` }, `${shown.join('; ')}${more}`),
  ];
}

/** Waivers that no longer do anything: else the list rots. */
const waiverLines = (report: Report): readonly string[] =>
  report.waivers
    .filter(({ state }) => state !== 'used')
    .slice(0, ANNOTATIONS)
    .map(({ waiver, state }) =>
      command(
        'warning',
        { title: `waiver ${state}` },
        `${waiver.control}: until ${waiver.expires}, by ${waiver.approvedBy}: ${waiver.reason}`,
      ),
    );

const verdictLines = (report: Report): readonly string[] =>
  report.assessments.map((assessment) => {
    const { mandatory } = assessment;
    return command(
      'notice',
      { title: baselineName(assessment) },
      `${assessment.outcome}: mandatory ${mandatory.fail} fail, ${mandatory.pass} pass, ${mandatory.inconclusive} open`,
    );
  });

/** One command. What is foreign in it can begin no other: line ends and, in properties, the separators are escaped. */
function command(word: string, properties: { readonly [name: string]: string | number }, body: string): string {
  const list = Object.entries(properties).map(
    ([name, value]) =>
      `${name}=${data(safeText(String(value), 300))
        .replaceAll(':', '%3A')
        .replaceAll(',', '%2C')}`,
  );
  return `::${word} ${list.join(',')}::${data(safeText(body, 3000))}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
