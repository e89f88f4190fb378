/** The style of the page: light, dark and print, no source of its own beyond system fonts. */
import { OUTCOMES } from '../../../core/model/verdict.ts';

const byOutcome = OUTCOMES.map(
  (one) => `.o.${one}{color:var(--${one})}.b.${one}{fill:var(--${one})}.edge.${one}{border-left-color:var(--${one})}`,
).join('');

export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#f3f5f7;--line:#cfd6dd;--dim:#57606a;--link:#0b57d0;
--pass:#116329;--fail:#b3141f;--inconclusive:#7a5200;--waived:#6639a6;--error:#a3300b;--not-applicable:#57606a;
--understood:#2c7a4b;--padding:#c3cad2;--acknowledged:#8a63c9;--encrypted:#c78a00;--unknown:#c2303a}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0f1419;--soft:#1a2129;--line:#3a444f;--dim:#9aa6b2;--link:#8ab4f8;
--pass:#57c46d;--fail:#ff7b80;--inconclusive:#e3b341;--waived:#c297ff;--error:#ff9563;--not-applicable:#9aa6b2;
--padding:#4a5561}}
*{box-sizing:border-box}html{scroll-padding-top:6.5rem}
body{margin:0 auto;max-width:78rem;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.7rem;margin:.3rem 0}h2{margin-top:2.4rem;padding-bottom:.2rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:.9rem 0 .3rem}p{margin:.35rem 0}a{color:var(--link)}body{overflow-wrap:anywhere}.o,.severity,thead th{overflow-wrap:normal}
code,.path{font-family:ui-monospace,monospace;font-size:.87em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
thead th{background:var(--soft)}.wide{overflow-x:auto}.count{text-align:right}.dim{color:var(--dim)}ul{margin:.3rem 0;padding-left:1.2rem}
tbody th{font-weight:400}
.severity{display:inline-block;min-width:4.6rem;padding:0 .4rem;border:1px solid var(--line);border-radius:4px;font-size:.8rem;text-align:center;color:var(--dim)}
.fail .severity.critical{background:var(--fail);border-color:var(--fail);color:var(--paper);font-weight:700;print-color-adjust:exact;-webkit-print-color-adjust:exact}.fail .severity.high{border-color:var(--fail);color:var(--fail)}
nav{margin:.6rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}
.o{font-weight:700;white-space:nowrap}${byOutcome}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
.cards+.cards{margin-top:1rem}.card{border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;background:var(--soft)}.card h3{margin-top:0}
.legend{display:flex;gap:.2rem 1rem;flex-wrap:wrap;margin:.3rem 0}
dl{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:.15rem 1rem;margin:.3rem 0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
details{scroll-margin-top:1rem;border:1px solid var(--line);border-left-width:4px;border-radius:6px;margin:.35rem 0;padding:.35rem .7rem}
details details{border-left-width:1px}summary{cursor:pointer}summary .said{display:block;margin-left:1.1rem;color:var(--dim);overflow-wrap:anywhere}
details[open]>summary .said{display:none}details>div{padding:.3rem 0 .3rem 1.1rem}
pre{margin:.3rem 0;padding:.4rem .6rem;max-height:20rem;overflow:auto;font:.8rem/1.45 ui-monospace,monospace;background:var(--soft);border-radius:6px}
.evidence{margin:.3rem 0}.mend{background:var(--soft);border-radius:6px;padding:.4rem .7rem;margin:.5rem 0}
.tools{position:sticky;top:0;background:var(--paper);padding:.6rem 0;display:flex;gap:.6rem;flex-wrap:wrap;align-items:center;z-index:1;border-bottom:1px solid var(--line)}
input,select,button{font:inherit;padding:.25rem .5rem;border:1px solid var(--dim);border-radius:6px;color:inherit;background:var(--paper)}
button{cursor:pointer}input{min-width:12rem}
svg{display:block;width:100%;height:1.1rem;border-radius:3px}svg.map{height:2.2rem}
.understood{fill:var(--understood)}.padding{fill:var(--padding)}.acknowledged{fill:var(--acknowledged)}.encrypted{fill:var(--encrypted)}.unknown{fill:var(--unknown)}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;vertical-align:baseline;margin-right:.35rem}
svg.key{display:inline-block}
:focus-visible{outline:3px solid #3b82f6;outline-offset:2px}.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}[hidden]{display:none!important}
@media (min-width:56rem){.wide:has(>.matrix){overflow:visible}.matrix thead th{position:sticky;top:5.5rem}}
@media (min-width:78rem){html{scroll-padding-top:4.5rem}.matrix thead th{top:3.3rem}}
@media (max-width:43rem){.tools{position:static}html{scroll-padding-top:0}label:has(#search){width:100%}#search{width:100%}}
@page{margin:14mm}
@media print{:root{color-scheme:light}.matrix thead th{position:static}details details:not([open]){display:none}.tools,.skip,nav{display:none}body{max-width:none;font-size:9.5pt;padding:0}
h2{break-after:avoid}h3{break-after:avoid}tr,summary,.card{break-inside:avoid}pre{max-height:none;white-space:pre-wrap;overflow-wrap:anywhere}.wide{overflow:visible}a{color:inherit;text-decoration:none}
details[open]>summary .said{display:none}svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
