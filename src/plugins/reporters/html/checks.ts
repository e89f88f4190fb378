/** Checks on the page: each with what was seen, its facts and its remedy; and the matrix of one check under many standards. */
import type { EvidenceRef, Fact } from '../../../core/model/fact.ts';
import type { CheckReport, Report, Result } from '../../../core/model/report.ts';
import { shownName } from '../../../core/model/target.ts';
import { baselineName, type Citation, citationPhrase, excerptOf, reasonWords } from '../../../core/model/telling.ts';
import { type Outcome, SEVERITIES } from '../../../core/model/verdict.ts';
import { bytes } from '../../../lib/text.ts';
import { badge, html, type Markup, NOTHING, when } from './markup.ts';

/** Results shown for one check, and facts for one result, before the rest is counted. */
const RESULTS = 50;
const FACTS = 8;

/** Worst first. */
export const ORDER: readonly Outcome[] = ['fail', 'error', 'waived', 'inconclusive', 'pass', 'not-applicable'];

/** What every part of the page looks up. */
export interface Index {
  readonly report: Report;
  readonly citations: ReadonlyMap<string, readonly Citation[]>;
  readonly facts: ReadonlyMap<string, Fact>;
  /** Anchors of the checks that are told, by key. */
  readonly anchors: ReadonlyMap<string, string>;
}

/** Checks that some applicable control cites, worst first. */
export const toldChecks = (report: Report, citations: Index['citations']): readonly CheckReport[] =>
  report.checks
    .filter((check) => !check.vacuous && citations.has(check.key))
    .toSorted(
      (a, b) =>
        ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    );

export function checkOf(check: CheckReport, { anchors, citations, facts }: Index): Markup {
  const { holds, fails, open } = check.seen;
  const results = check.results.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  const more = results.length - RESULTS;
  return html`<details class="edge ${check.outcome}" id="${anchors.get(check.key) ?? ''}" data-outcome="${check.outcome}" data-severity="${check.severity}"><summary>${badge(check.outcome)}
<span class="severity ${check.severity}">${check.severity}</span> ${check.title}${when(check.outcome === 'fail', () => html`<span class="said">${firstWords(check)}</span>`)}</summary><div>
<p class="dim"><code>${check.key}</code> · asked by ${citationPhrase(citations.get(check.key) ?? [])}</p>
<ul>${results.slice(0, RESULTS).map((result) => resultOf(result, check.title, facts))}</ul>
${when(more > 0, () => html`<p>and ${more} more in the JSON report</p>`)}
<p class="dim">Of what was seen: ${holds} hold, ${fails} fail, ${open} open${check.reasons.length === 0 ? '' : ` (${reasonWords(check.reasons)})`}.</p>
${when(check.outcome !== 'pass', () => html`<p class="mend"><strong>To mend:</strong> ${check.remediation}</p>`)}
${when(check.references.length > 0, () => html`<p class="dim">References: ${check.references.join(', ')}</p>`)}</div></details>`;
}

/** The first failing result, in a line. */
function firstWords({ results }: CheckReport): string {
  const failing = results.filter(({ outcome }) => outcome === 'fail');
  const [first] = failing;
  if (first === undefined) return '';
  const more = failing.length > 1 ? ` (and ${failing.length - 1} more)` : '';
  return first.subject.kind === 'target'
    ? `${first.message}${more}`
    : `${shownName(first.subject)}: ${first.message}${more}`;
}

/** A result that says no more than its check's title is its subject alone. */
function resultOf(result: Result, title: string, facts: Index['facts']): Markup {
  const known = result.facts.flatMap((id) => facts.get(id) ?? []);
  const more = known.length - FACTS;
  const { waiver } = result;
  return html`<li>${badge(result.outcome)} <span class="path">${shownName(result.subject)}</span>${result.message === title ? '' : `: ${result.message}`}
${waiver === undefined ? NOTHING : html`<em>waived until ${waiver.expires} by ${waiver.approvedBy}: ${waiver.reason}</em>`}
${known.slice(0, FACTS).map(factOf)}${when(more > 0, () => html`<p class="dim">and ${more} more facts</p>`)}</li>`;
}

/** A fact as it was seen: each member, where it lies, and the digests of its evidence. */
function factOf(fact: Fact): Markup {
  const where = fact.where === undefined ? '' : `, ${fact.where}`;
  const rows = Object.entries(fact.data as { readonly [name: string]: unknown });
  return html`<details><summary><code>${fact.type}</code> <span class="dim">${fact.method.toLowerCase()} by ${fact.source}${where}</span></summary>
<div><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd><code>${valueWords(value)}</code></dd>`)}</dl>
<p class="dim path">${fact.id} · ${fact.observedAt}</p>
${fact.evidence.map(evidenceOf)}</div></details>`;
}

/** What was seen, as text and as bytes with their offsets; the digest tells which piece of the dossier it is. */
function evidenceOf(one: EvidenceRef): Markup {
  const shown = excerptOf(one);
  const note = [one.mediaType, bytes(one.size), one.locator ?? '', one.redacted === true ? 'secrets blacked out' : ''];
  return html`<div class="evidence"><p class="dim path">evidence ${one.sha256}, ${note.filter((part) => part !== '').join(', ')}</p>
${shown === undefined ? NOTHING : bytesOf(shown)}</div>`;
}

function bytesOf({ text, hex, bytes: size, cut }: NonNullable<ReturnType<typeof excerptOf>>): Markup {
  const more = cut ? html`<p class="dim">the first ${size} bytes; the rest is in the dossier</p>` : NOTHING;
  const dump = (label: string): Markup =>
    html`<pre tabindex="0" role="group" aria-label="${label}">${hex.map((line) => html`${line}`)}</pre>`;
  if (text.length === 0) return html`${dump('Bytes')}${more}`;
  return html`<pre tabindex="0" role="group" aria-label="Text">${text.map((line) => html`${line}`)}</pre>${more}
<details><summary>Bytes</summary>${dump('Bytes')}</details>`;
}

const valueWords = (value: unknown): string => {
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    return value.length === 0 ? '(none)' : value.join(', ');
  return JSON.stringify(value) ?? '';
};

/** A row for each check that some baseline cites, a column for each baseline: the controls that rest on it. */
export function matrixOf(checks: readonly CheckReport[], { report, citations, anchors }: Index): Markup {
  const names = report.assessments.map(baselineName);
  return html`<p class="dim">The controls that rest on each check. Where it says “refutes”, the check can make the control fail and cannot make it pass.</p>
<div class="wide" tabindex="0" role="region" aria-label="Checks by baseline"><table class="matrix"><thead><tr><th scope="col">Check</th><th scope="col">Outcome</th>${names.map(
    (name) => html`<th scope="col">${name}</th>`,
  )}</tr></thead><tbody>${checks.map(
    (check) =>
      html`<tr data-outcome="${check.outcome}" data-severity="${check.severity}"><th scope="row"><a href="#${anchors.get(check.key) ?? ''}">${check.key}</a></th><td>${badge(check.outcome)}</td>${names.map(
        (name) => html`<td>${cell(citations.get(check.key) ?? [], name)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

function cell(citations: readonly Citation[], baseline: string): string {
  const cited = citations.filter((one) => one.baseline === baseline);
  // One unit that the check decides says more than another of the same control that it can only refute.
  const decided = new Set(cited.filter(({ mark }) => mark !== 'refute').map(({ control }) => control));
  const words = cited.map(({ control }) => (decided.has(control) ? control : `${control} (refutes)`));
  return [...new Set(words)].join(', ');
}
