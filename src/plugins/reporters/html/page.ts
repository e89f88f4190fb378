/** The report as one HTML file that needs nothing else: summary, failures, matrix of baselines, controls, checks, coverage. */
import { createHash } from 'node:crypto';
import type { Reporter } from '../../../core/model/renderer.ts';
import type { Assessment, Report } from '../../../core/model/report.ts';
import { baselineName, citationsOf, factsById, flagWords } from '../../../core/model/telling.ts';
import { OUTCOMES, SEVERITIES } from '../../../core/model/verdict.ts';
import { bytes, plural } from '../../../lib/text.ts';
import { checkOf, type Index, matrixOf, ORDER, toldChecks } from './checks.ts';
import { controlsOf } from './controls.ts';
import { coverageOf } from './coverage.ts';
import { badge, bar, html, type Markup, NOTHING, WORD, when } from './markup.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** No source but these two texts: nothing is loaded, sent or run that is not of this file. */
const POLICY = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}; base-uri 'none'; form-action 'none'`;

const OWN_SCRIPT: Markup = { markup: `<script>${SCRIPT}</script>` };

export const page: Reporter = {
  id: 'html',
  title: 'HTML: one file with everything, to read, filter and print',
  extension: 'html',
  mediaType: 'text/html',
  render: (report) => pageOf(report).markup,
};

function pageOf(report: Report): Markup {
  const citations = citationsOf(report);
  const shown = toldChecks(report, citations);
  const anchors = new Map(shown.map((check, at) => [check.key, `check-${at}`]));
  const index: Index = { report, citations, facts: factsById(report), anchors };
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${report.target.name} · assay</title><style>${{ markup: STYLE }}</style></head>
<body><a class="skip" href="#main">Skip to the report</a>
<header><h1>${badge(report.outcome)} ${report.target.name}</h1>${targetOf(report)}
<nav aria-label="Sections"><a href="#checks">Checks</a><a href="#matrix">Matrix</a>${report.assessments.map(
    (assessment, at) => html`<a href="#baseline-${at}">${baselineName(assessment)}</a>`,
  )}<a href="#coverage">What was looked at</a></nav></header>
<main id="main">
<section aria-labelledby="summary"><h2 id="summary">Summary</h2>${LEGEND}<div class="cards">${report.assessments.map(summaryOf)}</div>
<div class="cards">${severitiesOf(report, index)}${settleOf(report)}</div></section>
${TOOLS}
<section id="checks" aria-labelledby="checks-title"><h2 id="checks-title">Checks</h2>${shown.map((check) => checkOf(check, index))}</section>
<section id="matrix" aria-labelledby="matrix-title"><h2 id="matrix-title">One check, many standards</h2>${matrixOf(shown, index)}</section>
${report.assessments.map((assessment, at) => controlsOf(assessment, at, anchors))}
<section id="coverage" aria-labelledby="coverage-title"><h2 id="coverage-title">What was looked at</h2>${coverageOf(report)}</section>
</main>${OWN_SCRIPT}</body></html>
`;
}

const LEGEND = html`<p class="dim"><strong>Pass</strong>: looked at, and seen to hold. <strong>Open</strong>: not decided, because something was not seen or not given, or a person must look; never a pass.</p>`;

const TOOLS = html`<div class="tools" role="search"><label>Search <input id="search" type="search"></label>
<label>Outcome <select id="outcome"><option value="">all</option>${OUTCOMES.map((one) => html`<option value="${one}">${WORD[one]}</option>`)}</select></label>
<label>Severity <select id="severity"><option value="">all</option>${SEVERITIES.map((one) => html`<option value="${one}">${one}</option>`)}</select></label>
<button id="open" type="button">Open or close all shown</button><span id="count" role="status"></span></div>`;

function targetOf({ target, scope, assessedAt, tool }: Report): Markup {
  const { product } = target;
  const words = [product?.maker, product?.model, product?.hardware, product?.software, product?.serial];
  const named = words.filter((one) => one !== undefined);
  const files = [...target.firmware, ...target.updates];
  return html`<dl>${when(named.length > 0, () => html`<dt>product</dt><dd>${named.join(' · ')}</dd>`)}
${when(target.devices.length > 0, () => html`<dt>device</dt><dd>${target.devices.join(', ')}, state ${target.state}, ports ${scope.ports}, seen from ${scope.vantage}</dd>`)}
${files.map(({ path, sha256, size }) => html`<dt>file</dt><dd class="path">${path}, ${bytes(size)}, SHA-256 ${sha256}</dd>`)}
<dt>judged</dt><dd>${assessedAt} by ${tool.name} ${tool.version}</dd></dl>`;
}

function summaryOf(assessment: Assessment): Markup {
  const decides = OUTCOMES.some((one) => assessment.mandatory[one] > 0);
  const told = decides ? assessment.mandatory : assessment.counts;
  const counts = ORDER.map((one) => ({ style: `b ${one}`, name: WORD[one], size: told[one], one }));
  const legend = counts.filter(({ size }) => size > 0);
  const extra = assessment.counts.fail - assessment.mandatory.fail;
  return html`<div class="card"><h3>${badge(assessment.outcome)} ${assessment.baseline.title}</h3><p class="dim"><code>${baselineName(assessment)}</code></p>
${bar(counts)}<div class="legend"><span class="dim">${decides ? 'mandatory' : 'recommended, decides nothing'}:</span>${legend.map(({ one, size }) => html`<span class="o ${one}">${size} ${WORD[one]}</span>`)}</div>
${when(extra > 0, () => html`<p class="dim">${extra} recommended or advisory ${extra === 1 ? 'control fails' : 'controls fail'} besides</p>`)}</div>`;
}

/** What fails, by severity. */
function severitiesOf({ checks }: Report, { citations }: Index): Markup {
  const failing = checks.filter((check) => check.outcome === 'fail' && citations.has(check.key));
  if (failing.length === 0) return NOTHING;
  const rows = SEVERITIES.map((severity) => ({
    severity,
    count: failing.filter((check) => check.severity === severity).length,
  })).filter(({ count }) => count > 0);
  return html`<div class="card"><h3>${plural(failing.length, 'check')} that ${failing.length === 1 ? 'fails' : 'fail'}</h3><dl>${rows.map(
    ({ severity, count }) =>
      html`<dt>${count} ${severity}</dt><dd>${bar([
        { style: 'b fail', name: severity, size: count },
        { style: 'padding', name: 'others', size: failing.length - count },
      ])}</dd>`,
  )}</dl></div>`;
}

function settleOf({ settle }: Report): Markup {
  if (settle.length === 0) return NOTHING;
  return html`<div class="card"><h3>What would help with open controls</h3><ul>${settle.map(
    ({ flag, controls }) => html`<li><code>${flagWords(flag)}</code>: ${controls}</li>`,
  )}</ul></div>`;
}
