/** The report as GitHub-flavoured Markdown: a comment of a merge request, a step summary. */
import type { Reporter } from '../../core/model/renderer.ts';
import type { Report } from '../../core/model/report.ts';
import { shownName } from '../../core/model/target.ts';
import { baselineName, byCheck, citationPhrase, findingsOf, flagWords } from '../../core/model/telling.ts';
import { bytes, inertMarkdown, plural } from '../../lib/text.ts';

const SIGN = {
  pass: '✅ pass',
  fail: '❌ fail',
  inconclusive: '❔ open',
  'not-applicable': '➖ not applicable',
  waived: '🟣 waived',
  error: '⚠️ error',
} as const;

/** Rows of a table before the rest is counted: GitHub cuts a comment at 65,536 characters. */
const ROWS = 60;

export const markdown: Reporter = {
  id: 'markdown',
  title: 'Markdown: a comment for a merge request',
  extension: 'md',
  mediaType: 'text/markdown',
  render(report) {
    const parts = [head(report), failures(report), gaps(report), waivers(report), looked(report), settle(report)];
    return `${parts
      .filter((part) => part.length > 0)
      .map((part) => part.join('\n'))
      .join('\n\n')}\n`;
  },
};

function head(report: Report): readonly string[] {
  return [
    `## ${SIGN[report.outcome]}: ${inertMarkdown(report.target.name, 120)}`,
    '',
    '| Baseline | Outcome | Mandatory: fail | pass | open | waived | Recommended: fail |',
    '|---|---|--:|--:|--:|--:|--:|',
    ...report.assessments.map((assessment) => {
      const { mandatory, counts } = assessment;
      const open = mandatory.inconclusive + mandatory.error;
      return row([
        inertMarkdown(baselineName(assessment)),
        SIGN[assessment.outcome],
        `${mandatory.fail}`,
        `${mandatory.pass}`,
        `${open}`,
        `${mandatory.waived}`,
        `${counts.fail - mandatory.fail}`,
      ]);
    }),
  ];
}

function failures(report: Report): readonly string[] {
  const findings = findingsOf(report, 'fail');
  if (findings.length === 0) return ['### Nothing that was looked at fails'];
  const lines = byCheck(findings).map(({ check, list }) => {
    const where = list.slice(0, 3).map(({ result }) => inertMarkdown(shownName(result.subject), 200));
    const more = list.length > 3 ? ` and ${list.length - 3} more` : '';
    const citations = list[0]?.citations ?? [];
    return row([
      check.severity,
      inertMarkdown(check.title),
      `${where.join('<br>')}${more}`,
      inertMarkdown(citationPhrase(citations), 300),
      inertMarkdown(check.remediation, 400),
    ]);
  });
  return [
    `### What fails (${lines.length})`,
    '',
    '| Severity | What | Where | Asked by | Remedy |',
    '|---|---|---|---|---|',
    ...lines.slice(0, ROWS),
    ...(lines.length > ROWS ? ['', `and ${lines.length - ROWS} more`] : []),
  ];
}

function gaps(report: Report): readonly string[] {
  const tried = report.coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  if (tried.length === 0) return [];
  return folded(
    `What was tried and could not be seen (${tried.length})`,
    tried.map(
      (gap) =>
        `${inertMarkdown(shownName(gap.scope), 200)}: ${inertMarkdown(gap.unseen.message)} (${inertMarkdown(gap.source)})`,
    ),
  );
}

function waivers(report: Report): readonly string[] {
  if (report.waivers.length === 0) return [];
  return folded(
    `Waivers (${report.waivers.length})`,
    report.waivers.map(
      ({ waiver, state, note }) =>
        `${inertMarkdown(waiver.control)}: ${state}, until ${inertMarkdown(waiver.expires)} by ${inertMarkdown(waiver.approvedBy)}: ${inertMarkdown(note ?? waiver.reason)}`,
    ),
  );
}

function looked(report: Report): readonly string[] {
  const images = report.coverage.images.map((image) => {
    const known = image.bytes - image.unknown - image.encrypted;
    const share = image.bytes === 0 ? 0 : (100 * known) / image.bytes;
    return `${inertMarkdown(image.path, 200)}: ${bytes(image.bytes)}, ${share.toFixed(1)} % understood, padding or acknowledged`;
  });
  const devices = report.target.devices.map(
    (host) => `${inertMarkdown(host)}: ports ${inertMarkdown(report.scope.ports)}, state ${report.target.state}`,
  );
  const ran = report.coverage.gatherers.filter(({ status }) => status === 'done' || status === 'partial');
  return folded('What was looked at', [...images, ...devices, `${plural(ran.length, 'gatherer')} ran`]);
}

function settle(report: Report): readonly string[] {
  const tool = `<sub>${inertMarkdown(report.tool.name)} ${inertMarkdown(report.tool.version)}, as of ${inertMarkdown(report.assessedAt.slice(0, 10))}</sub>`;
  const open = report.settle.map(({ flag, controls }) => `${inertMarkdown(flagWords(flag))} (${controls})`);
  return open.length === 0 ? [tool] : [`What would help with open controls: ${open.join(', ')}.`, '', tool];
}

function folded(title: string, lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, ROWS).map((line) => `- ${line}`);
  const more = lines.length > ROWS ? [`- and ${lines.length - ROWS} more`] : [];
  return [`<details><summary>${title}</summary>`, '', ...shown, ...more, '', '</details>'];
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
