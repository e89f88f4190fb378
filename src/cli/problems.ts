/** Problems in words: `file:line:column: message`, and under it how to mend it. */
import type { Problem } from '../lib/fault.ts';
import { safeText } from '../lib/text.ts';

/** Problems printed before the rest is counted. */
const SHOWN = 50;

export function problemLines(problems: readonly Problem[]): string {
  const lines = problems.slice(0, SHOWN).flatMap(({ message, at, hint }) => {
    const place =
      at === undefined ? 'assay' : [at.file, at.line, at.column].filter((part) => part !== undefined).join(':');
    const words = message.split('\n').map((line) => safeText(line, 2000));
    return [
      `${safeText(place)}: ${words.join(' ')}`,
      ...(hint === undefined ? [] : [`  hint: ${safeText(hint, 2000)}`]),
    ];
  });
  if (problems.length > SHOWN) lines.push(`and ${problems.length - SHOWN} more`);
  return `${lines.join('\n')}\n`;
}
