/** Controls on the page: each unit with its outcome, its checks and what is left to a person. */
import type { Assessment, ControlReport, UnitReport } from '../../../core/model/report.ts';
import { baselineName, MARK_WORDS, reasonWords } from '../../../core/model/telling.ts';
import { badge, html, type Markup, NOTHING, when } from './markup.ts';

type Anchors = ReadonlyMap<string, string>;

export const controlsOf = (assessment: Assessment, at: number, anchors: Anchors): Markup =>
  html`<section id="baseline-${at}" aria-labelledby="baseline-${at}-title"><h2 id="baseline-${at}-title">${assessment.baseline.title} <code>${baselineName(assessment)}</code></h2>
${assessment.controls.map((control) => controlOf(control, anchors))}</section>`;

function controlOf(control: ControlReport, anchors: Anchors): Markup {
  const note = [
    control.obligation,
    control.draft === true ? 'draft: does not count' : '',
    reasonWords(control.reasons),
    control.basis.join(', '),
  ];
  const { waiver } = control;
  return html`<details class="edge ${control.outcome}" data-outcome="${control.outcome}"><summary>${badge(control.outcome)} ${control.id} ${control.title}
<span class="dim">${note.filter((one) => one !== '').join(' · ')}</span></summary><div>
${control.applicability === undefined ? NOTHING : html`<p>Applies: ${control.applicability}</p>`}
${waiver === undefined ? NOTHING : html`<p>Waived until ${waiver.expires} by ${waiver.approvedBy}: ${waiver.reason} (else ${waiver.instead})</p>`}
<ul>${control.units.map((unit) => unitOf(unit, anchors))}</ul></div></details>`;
}

/** What checks can do for it, and why it is open. */
const unitNote = ({ mark, reasons }: UnitReport): string =>
  reasons.length === 0 ? MARK_WORDS[mark] : `${MARK_WORDS[mark]}; open: ${reasonWords(reasons)}`;

const unitOf = (unit: UnitReport, anchors: Anchors): Markup =>
  html`<li>${badge(unit.outcome)} <code>${unit.id}</code> ${unit.title ?? ''} <span class="dim">${unitNote(unit)}</span>
${unit.attestation === undefined ? NOTHING : html`<br>Attested ${unit.attestation.verdict} by ${unit.attestation.by} on ${unit.attestation.on}${unit.attestation.conflict === true ? ', against what was seen' : ''}`}
${when(unit.checks.length > 0, () => html`<br>${unit.checks.map((key) => linkTo(key, anchors))}`)}
${unit.work === undefined ? NOTHING : html`<br><span class="dim">For a person: ${unit.work}</span>`}</li>`;

/** A check that is told above is a link to it; one that had nothing to look at is its name alone. */
function linkTo(key: string, anchors: Anchors): Markup {
  const anchor = anchors.get(key);
  return anchor === undefined ? html` <code>${key}</code>` : html` <a href="#${anchor}">${key}</a>`;
}
