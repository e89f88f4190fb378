/** `assay diff` of two baselines: what one edition asks and another does not. */
import { existsSync } from 'node:fs';
import { compareBaselines, type EditionDifference } from '../core/baseline/compare.ts';
import { type Library, parseReference } from '../core/baseline/library.ts';
import { UsageError } from '../lib/fault.ts';
import { inertMarkdown, plural } from '../lib/text.ts';

/** Whether a word names a baseline rather than a report or a dossier. */
function isBaseline(text: string, { assets }: Library): boolean {
  const { id, path, version } = parseReference(text);
  if (path !== undefined) return /\.ya?ml$/.test(path);
  if (existsSync(text)) return false;
  return version !== undefined || assets.some((asset) => asset.kind === 'baseline' && asset.id === id);
}

/** The difference of two baselines; undefined where neither word names one. */
export async function compareEditions(
  before: string,
  after: string,
  library: Library,
): Promise<EditionDifference | undefined> {
  const [old, now] = [isBaseline(before, library), isBaseline(after, library)];
  if (!old && !now) return undefined;
  if (old !== now)
    throw new UsageError(
      `${old ? before : after} is a baseline, and ${old ? after : before} is none`,
      'compare two baselines, or two reports or dossiers',
    );
  return compareBaselines(await library.baseline(before), await library.baseline(after));
}

export interface EditionSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Sections for people; those without a line are left out. */
export function editionSections({ added, removed, changed }: EditionDifference): readonly EditionSection[] {
  const line = ({ control, title }: { readonly control: string; readonly title: string }): string =>
    `${control}  ${title}`;
  return [
    { title: 'Only in the second', lines: added.map(line) },
    { title: 'Only in the first', lines: removed.map(line) },
    {
      title: 'Changed',
      lines: changed.flatMap((one) => [line(one), ...one.changes.map((change) => `  ${change}`)]),
    },
  ].filter(({ lines }) => lines.length > 0);
}

export const editionSum = ({ before, after, added, removed, changed, same }: EditionDifference): string =>
  `${before} → ${after}: ${plural(added.length, 'control')} more, ${removed.length} fewer, ${changed.length} changed, ${same} the same`;

export const editionMarkdown = (difference: EditionDifference): string =>
  `${[
    `## ${inertMarkdown(editionSum(difference))}`,
    ...editionSections(difference).map(
      ({ title, lines }) =>
        `### ${title}\n\n${lines.map((one) => (one.startsWith('  ') ? `  - ${inertMarkdown(one.trim())}` : `- ${inertMarkdown(one)}`)).join('\n')}`,
    ),
  ].join('\n\n')}\n`;
