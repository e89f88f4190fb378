/** The report for GitLab's code quality widget: what fails, with lasting fingerprints. */
import type { Reporter } from '../../core/model/renderer.ts';
import type { Report } from '../../core/model/report.ts';
import { nameOf } from '../../core/model/target.ts';
import { citationPhrase, factsById, findingsOf, lastingName, placeOf, resultLine } from '../../core/model/telling.ts';
import { safeText } from '../../lib/text.ts';
import { sha256Of } from '../../lib/uuid.ts';

/** GitLab's five words; ours fall on them one to one. */
const SEVERITY = { critical: 'blocker', high: 'critical', medium: 'major', low: 'minor', info: 'info' } as const;

export const gitlab: Reporter = {
  id: 'gitlab',
  title: 'GitLab code quality: failures for the merge-request widget',
  extension: 'json',
  mediaType: 'application/json',
  render: (report) => `${JSON.stringify(issuesOf(report), null, 2)}\n`,
};

/** What fails is listed, and nothing else: the widget takes whatever it gets for a violation. */
function issuesOf(report: Report): readonly unknown[] {
  const facts = factsById(report);
  const seen = new Map<string, number>();
  return findingsOf(report, 'fail').map(({ check, result, citations, obligation }) => {
    const name = sha256Of(`${check.key}\n${lastingName(result.subject)}`).slice(0, 32);
    const ordinal = (seen.get(name) ?? 0) + 1;
    seen.set(name, ordinal);
    const { line } = placeOf(result, facts);
    return {
      description: `${safeText(check.title)}: ${resultLine(result, 1000)} [${citationPhrase(citations)}]`,
      check_name: check.key,
      fingerprint: `${name}-${ordinal}`,
      severity: obligation === 'mandatory' ? SEVERITY[check.severity] : 'minor',
      // GitLab demands a path and a line for everything; a subject without lines begins at its first.
      location: { path: safeText(nameOf(result.subject), 1000), lines: { begin: line ?? 1 } },
      content: { body: safeText(check.remediation, 2000) },
    };
  });
}
