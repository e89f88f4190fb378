/** The report as one HTML file that needs nothing else: summary, failures, matrix of baselines, controls, checks, coverage. */
import { createHash } from 'node:crypto';
import type { Reporter } from '../../core/model/renderer.ts';
import type { Assessment, CheckReport, ControlReport, Report, Result } from '../../core/model/report.ts';
import { nameOf } from '../../core/model/target.ts';
import { baselineName, citationPhrase, citationsOf, factsById } from '../../core/model/telling.ts';
import { OUTCOMES, type Outcome, SEVERITIES } from '../../core/model/verdict.ts';
import { bytes, plural, safeText } from '../../lib/text.ts';

/** Results shown for one check before the rest is counted. */
const RESULTS = 50;

const WORD = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'open',
  'not-applicable': 'n/a',
  waived: 'waived',
  error: 'error',
} satisfies Record<Outcome, string>;

/** Text that is HTML already. Whatever is not is escaped by `html`. */
interface Markup {
  readonly markup: string;
}
type Part = string | number | Markup | readonly Markup[];

const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: strings.map((text, at) => text + told(parts[at] ?? '')).join(''),
});
const told = (part: Part): string => {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return 'markup' in part ? part.markup : part.map((one) => one.markup).join('\n');
};
const escaped = (text: string): string => safeText(text, 4000).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
const NOTHING: Markup = { markup: '' };

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#f3f5f7;--line:#cfd6dd;--dim:#57606a;
--pass:#116329;--fail:#b3141f;--inconclusive:#7a5200;--waived:#6639a6;--error:#a3300b;--not-applicable:#57606a}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0f1419;--soft:#1a2129;--line:#3a444f;--dim:#9aa6b2;
--pass:#57c46d;--fail:#ff7b80;--inconclusive:#e3b341;--waived:#c297ff;--error:#ff9563;--not-applicable:#9aa6b2}}
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.6rem;margin:.5rem 0}h2{margin-top:2.2rem;border-bottom:1px solid var(--line)}h3{font-size:1rem;margin:.3rem 0}
a{color:inherit}code,.path{font-family:ui-monospace,monospace;font-size:.87em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:var(--soft)}.wide{overflow-x:auto}.dim{color:var(--dim)}ul{margin:.3rem 0;padding-left:1.2rem}
.o{font-weight:700;white-space:nowrap}${OUTCOMES.map((one) => `.o.${one}{color:var(--${one})}.b.${one}{fill:var(--${one})}`).join('')}
details{border:1px solid var(--line);border-radius:6px;margin:.35rem 0;padding:.35rem .7rem}summary{cursor:pointer}
details>div{padding:.3rem 0 .3rem .8rem}.tools{position:sticky;top:0;background:var(--paper);padding:.6rem 0;display:flex;gap:.6rem;flex-wrap:wrap;z-index:1}
input,select{font:inherit;padding:.3rem .5rem;border:1px solid var(--dim);border-radius:6px;color:inherit;background:var(--paper)}
svg{display:block;width:100%;height:1.1rem}.legend{display:flex;gap:1rem;flex-wrap:wrap;margin:.2rem 0 1rem}
.u{fill:var(--pass)}.p{fill:var(--line)}.a{fill:var(--waived)}.e{fill:var(--inconclusive)}.n{fill:var(--fail)}
:focus-visible{outline:3px solid #3b82f6;outline-offset:2px}.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}[hidden]{display:none}
@media print{.tools,.skip{display:none}body{max-width:none;font-size:10pt}details,tr{break-inside:avoid}}
`;

const SCRIPT = `
const text=document.getElementById('search'),outcome=document.getElementById('outcome'),count=document.getElementById('count');
const rows=[...document.querySelectorAll('[data-outcome]')].map((row)=>({row,words:row.textContent.toLowerCase()}));
function filter(){const words=text.value.toLowerCase().split(' ').filter(Boolean);let shown=0;
for(const one of rows){const fits=(outcome.value===''||one.row.dataset.outcome===outcome.value)&&words.every((word)=>one.words.includes(word));
one.row.hidden=!fits;if(fits)shown++}count.textContent=shown+' of '+rows.length+' shown'}
text.addEventListener('input',filter);outcome.addEventListener('change',filter);filter();
function reveal(){const at=location.hash&&document.getElementById(location.hash.slice(1));if(at&&at.tagName==='DETAILS'){at.hidden=false;at.open=true}}
addEventListener('hashchange',reveal);reveal();
let closed=[];addEventListener('beforeprint',()=>{closed=[...document.querySelectorAll('details:not([open])')];for(const one of closed)one.open=true});
addEventListener('afterprint',()=>{for(const one of closed)one.open=false});
`;

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** No source but these two texts: nothing is loaded, sent or run that is not of this file. */
const POLICY = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}; base-uri 'none'; form-action 'none'`;

export const page: Reporter = {
  id: 'html',
  title: 'HTML: one file with everything, to read, filter and print',
  extension: 'html',
  mediaType: 'text/html',
  render: (report) => pageOf(report).markup,
};

function pageOf(report: Report): Markup {
  const citations = citationsOf(report);
  const shown = report.checks.filter((check) => !check.vacuous && citations.has(check.key));
  const anchors = new Map(shown.map((check, at) => [check.key, `check-${at}`]));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${report.target.name} · assay</title><style>${{ markup: STYLE }}</style></head>
<body><a class="skip" href="#main">Skip to the report</a>
<header><h1>${badge(report.outcome)} ${report.target.name}</h1>
<p class="dim">${report.tool.name} ${report.tool.version} · as of ${report.assessedAt} · state of the device ${report.target.state}</p></header>
<main id="main">
<h2>Summary</h2>${report.assessments.map(summaryOf)}
${settleOf(report)}
<div class="tools" role="search"><label>Search <input id="search" type="search"></label>
<label>Outcome <select id="outcome"><option value="">all</option>${OUTCOMES.map((one) => html`<option value="${one}">${WORD[one]}</option>`)}</select></label>
<span id="count" role="status"></span></div>
<h2 id="checks">Checks</h2>${checksOf(report, anchors)}
<h2 id="matrix">One check, many standards</h2>${matrixOf(report, anchors)}
${report.assessments.map((assessment, at) => controlsOf(assessment, at, anchors))}
<h2 id="coverage">What was looked at</h2>${coverageOf(report)}
</main><script>${{ markup: SCRIPT }}</script></body></html>
`;
}

const badge = (outcome: Outcome): Markup => html`<span class="o ${outcome}">${WORD[outcome].toUpperCase()}</span>`;

/** A bar of shares, told in words to who cannot see it. Widths in per mille of all. */
function bar(shares: readonly { readonly style: string; readonly name: string; readonly size: number }[]): Markup {
  const all = shares.reduce((sum, one) => sum + one.size, 0);
  const seen = shares.filter(({ size }) => size > 0);
  const rectangles = seen.map(({ style, size }, at) => {
    const before = seen.slice(0, at).reduce((sum, one) => sum + one.size, 0);
    return html`<rect class="${style}" x="${mille(before, all)}" width="${mille(size, all)}" height="10"/>`;
  });
  const label = seen.map(({ name, size }) => `${name} ${size}`).join(', ');
  return html`<svg role="img" aria-label="${label}" viewBox="0 0 1000 10" preserveAspectRatio="none">${rectangles}</svg>`;
}
const mille = (part: number, all: number): string => (all === 0 ? '0' : ((1000 * part) / all).toFixed(2));

function summaryOf(assessment: Assessment): Markup {
  const counts = OUTCOMES.map((one) => ({ style: `b ${one}`, name: WORD[one], size: assessment.mandatory[one], one }));
  const legend = counts.filter(({ size }) => size > 0);
  const extra = assessment.counts.fail - assessment.mandatory.fail;
  return html`<h3>${badge(assessment.outcome)} ${assessment.baseline.title} <code>${baselineName(assessment)}</code></h3>
${bar(counts)}<div class="legend"><span class="dim">mandatory:</span>${legend.map(({ one, size }) => html`<span class="o ${one}">${size} ${WORD[one]}</span>`)}
<span class="dim">recommended or advisory that fail: ${extra}</span></div>`;
}

function settleOf(report: Report): Markup {
  if (report.settle.length === 0) return NOTHING;
  return html`<h3>What would settle more</h3><ul>${report.settle.map(
    ({ flag, controls }) => html`<li><code>${flag}</code>: ${plural(controls, 'open control')}</li>`,
  )}</ul>`;
}

type Anchors = ReadonlyMap<string, string>;

function checksOf(report: Report, anchors: Anchors): Markup {
  const citations = citationsOf(report);
  const facts = factsById(report);
  const order: readonly Outcome[] = ['fail', 'error', 'waived', 'inconclusive', 'pass', 'not-applicable'];
  const list = report.checks
    .filter((check) => !check.vacuous && citations.has(check.key))
    .toSorted(
      (a, b) =>
        order.indexOf(a.outcome) - order.indexOf(b.outcome) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    );
  return html`${list.map((check) => {
    const { holds, fails, open } = check.seen;
    const more = check.results.length - RESULTS;
    return html`<details id="${anchors.get(check.key) ?? ''}" data-outcome="${check.outcome}"><summary>${badge(check.outcome)}
<span class="dim">${check.severity}</span> ${check.title}</summary><div>
<p><code>${check.key}</code> · asked by ${citationPhrase(citations.get(check.key) ?? [])}</p>
<p>Seen: holds ${holds}, fails ${fails}, open ${open}. ${check.reasons.join(', ')}</p>
<ul>${check.results.slice(0, RESULTS).map((result) => resultOf(result, facts))}</ul>
${more > 0 ? html`<p>and ${more} more in the JSON report</p>` : NOTHING}
<p><strong>Remedy:</strong> ${check.remediation}</p>${referencesOf(check)}</div></details>`;
  })}`;
}

const referencesOf = (check: CheckReport): Markup =>
  check.references.length === 0 ? NOTHING : html`<p class="dim">References: ${check.references.join(', ')}</p>`;

function resultOf(result: Result, facts: ReturnType<typeof factsById>): Markup {
  const rows = result.facts.slice(0, 5).flatMap((id) => facts.get(id) ?? []);
  const waiver =
    result.waiver === undefined
      ? NOTHING
      : html` <em>waived until ${result.waiver.expires} by ${result.waiver.approvedBy}: ${result.waiver.reason}</em>`;
  return html`<li>${badge(result.outcome)} <span class="path">${nameOf(result.subject)}</span>: ${result.message}${waiver}
${rows.map(
  (
    fact,
  ) => html`<details><summary><code>${fact.id}</code> <span class="dim">${fact.method} by ${fact.source}${fact.where === undefined ? '' : `, ${fact.where}`}</span></summary>
<div><code>${JSON.stringify(fact.data)}</code><ul>${fact.evidence.map(
    (one) =>
      html`<li class="path">evidence ${one.sha256} ${one.mediaType} ${bytes(one.size)} ${one.locator ?? ''}</li>`,
  )}</ul></div></details>`,
)}</li>`;
}

/** A row for each check that some baseline cites, a column for each baseline: the controls that rest on it. */
function matrixOf(report: Report, anchors: Anchors): Markup {
  const citations = citationsOf(report);
  const names = report.assessments.map(baselineName);
  const rows = report.checks.filter((check) => !check.vacuous && citations.has(check.key));
  return html`<div class="wide" tabindex="0" role="region" aria-label="Checks by baseline"><table><thead><tr><th scope="col">Check</th><th scope="col">Outcome</th>${names.map(
    (name) => html`<th scope="col">${name}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (check) =>
      html`<tr data-outcome="${check.outcome}"><th scope="row"><a href="#${anchors.get(check.key) ?? ''}">${check.key}</a></th><td>${badge(check.outcome)}</td>${names.map(
        (name) => {
          const cited = (citations.get(check.key) ?? []).filter((one) => one.baseline === name);
          return html`<td>${[...new Set(cited.map((one) => `${one.control}${one.mark === 'refute' ? ' (refutes)' : ''}`))].join(', ')}</td>`;
        },
      )}</tr>`,
  )}</tbody></table></div>`;
}

const controlsOf = (assessment: Assessment, at: number, anchors: Anchors): Markup =>
  html`<h2 id="baseline-${at}">${assessment.baseline.title} <code>${baselineName(assessment)}</code></h2>${assessment.controls.map(
    (control) => controlOf(control, anchors),
  )}`;

/** A check that is told above is a link to it; one that had nothing to look at is its name alone. */
const linkTo = (key: string, anchors: Anchors): Markup => {
  const anchor = anchors.get(key);
  return anchor === undefined ? html` <code>${key}</code>` : html` <a href="#${anchor}">${key}</a>`;
};

function controlOf(control: ControlReport, anchors: Anchors): Markup {
  const note = [
    control.obligation,
    control.draft === true ? 'draft: does not count' : '',
    control.reasons.join(', '),
    control.basis.join(', '),
  ];
  const waiver =
    control.waiver === undefined
      ? NOTHING
      : html`<p>Waived until ${control.waiver.expires} by ${control.waiver.approvedBy}: ${control.waiver.reason} (else ${control.waiver.instead})</p>`;
  return html`<details data-outcome="${control.outcome}"><summary>${badge(control.outcome)} ${control.id} ${control.title}
<span class="dim">${note.filter((one) => one !== '').join(' · ')}</span></summary><div>
${control.applicability === undefined ? NOTHING : html`<p>Applies: ${control.applicability}</p>`}${waiver}
<ul>${control.units.map(
    (
      unit,
    ) => html`<li>${badge(unit.outcome)} <code>${unit.id}</code> ${unit.title ?? ''} <span class="dim">${unit.mark} ${unit.reasons.join(', ')}</span>
${unit.attestation === undefined ? NOTHING : html`<br>Attested ${unit.attestation.verdict} by ${unit.attestation.by} on ${unit.attestation.on}${unit.attestation.conflict === true ? ', against what was seen' : ''}`}
${unit.checks.map((key) => linkTo(key, anchors))}
${unit.work === undefined ? NOTHING : html`<br><span class="dim">For a person: ${unit.work}</span>`}</li>`,
  )}</ul></div></details>`;
}

function coverageOf(report: Report): Markup {
  const { images, gaps, gatherers } = report.coverage;
  const tried = gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  const missing = gaps.length - tried.length;
  return html`${images.map(
    (image) =>
      html`<h3 class="path">${image.path} (${bytes(image.bytes)})</h3>${bar([
        { style: 'u', name: 'bytes understood', size: image.understood },
        { style: 'p', name: 'padding', size: image.padding },
        { style: 'a', name: 'acknowledged', size: image.acknowledged },
        { style: 'e', name: 'encrypted', size: image.encrypted },
        { style: 'n', name: 'unknown', size: image.unknown },
      ])}<p class="dim">understood ${image.understood}, padding ${image.padding}, acknowledged ${image.acknowledged}, encrypted ${image.encrypted}, unknown ${image.unknown} bytes</p>`,
  )}
<h3>Tried and not seen: ${tried.length}</h3><ul>${tried.map(
    (gap) =>
      html`<li><span class="path">${nameOf(gap.scope)}</span>: ${gap.unseen.message} <span class="dim">${gap.source}, ${gap.unseen.kind}</span></li>`,
  )}</ul><p class="dim">Not looked for because something was not given: ${missing}</p>
<div class="wide" tabindex="0" role="region" aria-label="Gatherers"><table><thead><tr><th scope="col">Gatherer</th><th scope="col">Status</th><th scope="col">Facts</th></tr></thead><tbody>${gatherers
    .filter(({ status }) => status !== 'not-given')
    .map(
      (one) => html`<tr><th scope="row">${one.id}</th><td>${one.status}</td><td>${one.facts}</td></tr>`,
    )}</tbody></table></div>
<h3>What judged</h3><ul>${report.inputs.map((one) => html`<li class="path">${one.kind} ${one.id} ${one.sha256}</li>`)}</ul>`;
}
