/** What several renderers ask of a report: who cites a check, what is open for whom, where a subject lies, one line for a result. */
import { hexLines, isText } from '../../lib/hex.ts';
import { safeText } from '../../lib/text.ts';
import type { EvidenceRef, Fact } from './fact.ts';
import type { Assessment, CheckReport, ControlReport, Report, Result, UnitReport } from './report.ts';
import { nameOf, type Subject, shownName } from './target.ts';
import type { Mark, Obligation, Outcome, Reason } from './verdict.ts';

/** One control that a check speaks for. */
export interface Citation {
  readonly baseline: string;
  readonly control: string;
  readonly title: string;
  readonly unit: string;
  readonly mark: Mark;
  readonly obligation: Obligation;
  /** Outcome of the unit. */
  readonly outcome: Outcome;
}

/** All controls that cite each check, by the check's key. Controls that do not apply or are drafts cite nothing. */
export function citationsOf(report: Report): ReadonlyMap<string, readonly Citation[]> {
  const found = new Map<string, Citation[]>();
  for (const { assessment, control, unit } of unitsOf(report)) {
    if (control.outcome === 'not-applicable' || control.draft === true) continue;
    for (const key of unit.checks) {
      const list = found.get(key) ?? [];
      found.set(key, list);
      list.push({
        baseline: baselineName(assessment),
        control: control.id,
        title: control.title,
        unit: unit.id,
        mark: unit.mark,
        obligation: control.obligation,
        outcome: unit.outcome,
      });
    }
  }
  return found;
}

export function* unitsOf(
  report: Report,
): Generator<{ readonly assessment: Assessment; readonly control: ControlReport; readonly unit: UnitReport }> {
  for (const assessment of report.assessments) {
    for (const control of assessment.controls) {
      for (const unit of control.units) yield { assessment, control, unit };
    }
  }
}

/** `xiaomi-consumer-iot@2021-12:medium`. */
export const baselineName = ({ baseline }: Assessment): string =>
  `${baseline.id}@${baseline.version}${baseline.level === undefined ? '' : `:${baseline.level}`}`;

/** `xiaomi-consumer-iot 3.2.2, etsi-en-303-645 5.1-1`: one phrase for many citations, each control once. */
export function citationPhrase(citations: readonly Citation[]): string {
  const byBaseline = new Map<string, Set<string>>();
  for (const { baseline, control } of citations) {
    const id = baseline.slice(0, baseline.indexOf('@'));
    byBaseline.set(id, (byBaseline.get(id) ?? new Set()).add(control));
  }
  return [...byBaseline].map(([id, controls]) => `${id} ${[...controls].join(' ')}`).join(', ');
}

/** The gravest obligation among controls. */
export const gravestObligation = (list: readonly { readonly obligation: Obligation }[]): Obligation =>
  (['mandatory', 'recommended'] as const).find((one) => list.some(({ obligation }) => obligation === one)) ??
  'advisory';

/** A result that counts in reports: `counts` is false where no applicable control cites its check. */
export interface Finding {
  readonly check: CheckReport;
  readonly result: Result;
  readonly obligation: Obligation;
  readonly citations: readonly Citation[];
}

/** The results of one outcome that some applicable control rests on, gravest severity first. */
export function findingsOf(report: Report, outcome: Outcome): readonly Finding[] {
  const citations = citationsOf(report);
  const order = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
  return report.checks
    .toSorted((a, b) => order[a.severity] - order[b.severity] || (a.key < b.key ? -1 : 1))
    .flatMap((check) => {
      const cited = citations.get(check.key) ?? [];
      if (cited.length === 0) return [];
      const obligation = gravestObligation(cited);
      return check.results
        .filter((result) => result.outcome === outcome)
        .map((result) => ({ check, result, obligation, citations: cited }));
    });
}

/** Findings of one check together, in the order in which they stand. */
export function byCheck(
  findings: readonly Finding[],
): readonly { readonly check: CheckReport; readonly list: readonly Finding[] }[] {
  const found = new Map<string, { check: CheckReport; list: Finding[] }>();
  for (const finding of findings) {
    const entry = found.get(finding.check.key) ?? { check: finding.check, list: [] };
    found.set(finding.check.key, entry);
    entry.list.push(finding);
  }
  return [...found.values()];
}

/** What an option that settles something takes, for who reads it to type: `--declaration FILE`. */
export const flagWords = (flag: string): string =>
  ({
    '--declaration': '--declaration FILE',
    '--device': '--device HOST',
    '--firmware': '--firmware FILE',
    '--update': '--update FILE',
    '--update-url': '--update-url URL',
    '--key': '--key FILE',
  })[flag] ?? flag;

/** What checks can do for a unit. */
export const MARK_WORDS = {
  decide: 'checks decide it',
  refute: 'checks can only fail it',
  person: 'for a person',
} satisfies Record<Mark, string>;

/** Why something is open, in words for who does not know ours. */
const REASON_WORDS = {
  gap: 'could not be seen',
  'not-given': 'something was not given',
  unattested: 'a person must look',
  unrefuted: 'nothing found against it',
} satisfies Record<Reason, string>;
export const reasonWords = (reasons: readonly Reason[]): string => reasons.map((one) => REASON_WORDS[one]).join(', ');

/** One harmless line for a result. */
export const resultLine = (result: Result, limit = 2000): string =>
  safeText(
    result.subject.kind === 'target' ? result.message : `${shownName(result.subject)}: ${result.message}`,
    limit,
  );

/** Where in its artefact a result's facts lie: a line (from 1) or a byte offset, of the first fact that tells it. */
export function placeOf(
  result: Result,
  facts: ReadonlyMap<string, Fact>,
): { readonly line?: number; readonly offset?: number } {
  for (const id of result.facts) {
    const where = facts.get(id)?.where ?? '';
    const line = /^line (\d{1,9})\b/.exec(where)?.[1];
    if (line !== undefined && Number(line) > 0) return { line: Number(line) };
    const offset = /^offset (0x[0-9a-f]{1,12}|\d{1,15})\b/.exec(where)?.[1];
    if (offset !== undefined) return { offset: Number(offset) };
  }
  return {};
}

export const factsById = (report: Report): ReadonlyMap<string, Fact> =>
  new Map(report.facts.map((fact) => [fact.id, fact]));

/**
 * A subject's name without what changes from release to release or from edit to edit: the image's own file name, and
 * the line that some subjects carry after `#`. Fingerprints rest on it.
 */
export function lastingName(subject: Subject): string {
  if (subject.kind === 'file') return subject.path.replace(/^[^!/]*(?=!)/, '').replace(/#\d+$/, '');
  if (subject.kind === 'image' || subject.kind === 'region') return 'image';
  return subject.kind === 'update' ? 'update' : nameOf(subject);
}

/** What a report shows of a piece of evidence: lines of harmless text, or bytes in hex where it is no text. */
export function excerptOf({
  excerpt,
  offset,
  size,
}: EvidenceRef):
  | { readonly text: readonly string[]; readonly hex: readonly string[]; readonly bytes: number; readonly cut: boolean }
  | undefined {
  if (excerpt === undefined) return undefined;
  const bytes = Buffer.from(excerpt, 'base64').subarray(0, 256);
  const lines = Buffer.from(bytes).toString('utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return {
    text: isText(bytes) ? lines.map((line) => safeText(line.replaceAll('\t', '  '))) : [],
    hex: hexLines(bytes, offset ?? 0),
    bytes: bytes.length,
    cut: size > bytes.length,
  };
}
