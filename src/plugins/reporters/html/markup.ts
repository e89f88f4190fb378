/** HTML from template strings: whatever is not markup already is escaped. */
import type { Outcome } from '../../../core/model/verdict.ts';
import { safeText } from '../../../lib/text.ts';

/** Text that is HTML already. */
export interface Markup {
  readonly markup: string;
}
export type Part = string | number | Markup | readonly Markup[];

/** Characters of one foreign text that are shown. */
const SHOWN = 4000;

export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: strings.map((text, at) => text + told(parts[at] ?? '')).join(''),
});
const told = (part: Part): string => {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(part);
  return 'markup' in part ? part.markup : part.map((one) => one.markup).join('\n');
};
const escaped = (text: string): string => safeText(text, SHOWN).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

export const NOTHING: Markup = { markup: '' };
export const when = (holds: boolean, markup: () => Markup): Markup => (holds ? markup() : NOTHING);

export const WORD = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'open',
  'not-applicable': 'n/a',
  waived: 'waived',
  error: 'error',
} satisfies Record<Outcome, string>;

export const badge = (outcome: Outcome): Markup =>
  html`<span class="o ${outcome}">${WORD[outcome].toUpperCase()}</span>`;

export interface Share {
  readonly style: string;
  readonly name: string;
  readonly size: number;
}

/** A bar of shares, told in words to who cannot see it. Widths are in per mille of all. */
export function bar(shares: readonly Share[]): Markup {
  const all = shares.reduce((sum, one) => sum + one.size, 0);
  let before = 0;
  const rectangles = shares.map(({ style, size, name }) => {
    const x = mille(before, all);
    before += size;
    return size === 0
      ? NOTHING
      : html`<rect class="${style}" x="${x}" width="${mille(size, all)}" height="10"><title>${name} ${size}</title></rect>`;
  });
  const label = shares
    .filter(({ size }) => size > 0)
    .map(({ name, size }) => `${name} ${size}`)
    .join(', ');
  return html`<svg role="img" aria-label="${label}" viewBox="0 0 1000 10" preserveAspectRatio="none">${rectangles}</svg>`;
}
export const mille = (part: number, all: number): string => (all === 0 ? '0' : ((1000 * part) / all).toFixed(2));
