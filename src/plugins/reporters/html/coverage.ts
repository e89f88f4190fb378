/** What was looked at, on the page: the bytes of each image in their places, gaps, gatherers, and what judged. */
import type { ImageCoverage, Report } from '../../../core/model/report.ts';
import { shownName } from '../../../core/model/target.ts';
import { bytes } from '../../../lib/text.ts';
import { html, type Markup, mille, when } from './markup.ts';

/** Gaps listed before the rest is counted. */
const GAPS = 500;
const KINDS = ['understood', 'padding', 'acknowledged', 'encrypted', 'unknown'] as const;

export function coverageOf(report: Report): Markup {
  const { images, gaps, gatherers } = report.coverage;
  const tried = gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  const more = tried.length - GAPS;
  return html`${images.map(imageOf)}
<h3>Tried and not seen: ${tried.length}</h3><ul>${tried
    .slice(0, GAPS)
    .map(
      (gap) =>
        html`<li><span class="path">${shownName(gap.scope)}</span>: ${gap.unseen.message} <span class="dim">${gap.source}, ${gap.unseen.kind}</span></li>`,
    )}</ul>${when(more > 0, () => html`<p>and ${more} more in the JSON report</p>`)}
<p class="dim">Not looked for because something was not given: ${gaps.length - tried.length}</p>
<h3>Gatherers</h3><div class="wide" tabindex="0" role="region" aria-label="Gatherers"><table><thead><tr><th scope="col">Gatherer</th><th scope="col">Status</th><th scope="col">Facts</th></tr></thead><tbody>${gatherers
    .filter(({ status }) => status !== 'not-given')
    .map(
      (one) => html`<tr><th scope="row">${one.id}</th><td>${one.status}</td><td class="count">${one.facts}</td></tr>`,
    )}</tbody></table></div>
<h3>What judged</h3><ul>${report.inputs.map((one) => html`<li class="path">${one.kind} ${one.id} ${one.sha256}</li>`)}</ul>`;
}

/** The image as a strip from its first byte to its last, and the same runs as a table. */
function imageOf(image: ImageCoverage): Markup {
  const share = (kind: (typeof KINDS)[number]): string =>
    image.bytes === 0 ? '0 %' : `${((100 * image[kind]) / image.bytes).toFixed(1)} %`;
  const seen = KINDS.filter((kind) => image[kind] > 0);
  const label = seen.map((kind) => `${kind} ${share(kind)}`).join(', ');
  return html`<h3 class="path">${image.path} (${bytes(image.bytes)})</h3>
<svg class="map" role="img" aria-label="${label}" viewBox="0 0 1000 10" preserveAspectRatio="none">${image.runs.map(
    ({ kind, start, end, format }) =>
      html`<rect class="${kind}" x="${mille(start, image.bytes)}" width="${mille(end - start, image.bytes)}" height="10"><title>${hex(start)} to ${hex(end)}: ${format ?? kind}</title></rect>`,
  )}</svg>
<div class="legend">${seen.map((kind) => html`<span><svg class="key" aria-hidden="true" viewBox="0 0 1 1"><rect class="${kind}" width="1" height="1"/></svg>${kind} ${share(kind)}</span>`)}</div>
<details><summary>The ${image.runs.length} longest runs of bytes</summary><div class="wide" tabindex="0" role="region" aria-label="Runs of ${image.path}"><table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Size</th><th scope="col">What</th></tr></thead><tbody>${image.runs.map(
    ({ kind, start, end, format }) =>
      html`<tr><td><code>${hex(start)}</code></td><td><code>${hex(end)}</code></td><td>${bytes(end - start)}</td><td>${format === undefined ? kind : `${kind}: ${format}`}</td></tr>`,
  )}</tbody></table></div></details>`;
}

const hex = (offset: number): string => `0x${offset.toString(16)}`;
