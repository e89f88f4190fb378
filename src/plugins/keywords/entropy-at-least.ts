/** A text with at least so many bits of entropy, by the spread of its own characters (an upper bound of how random it is). */
import type { Keyword } from '../../core/model/keyword.ts';

/** Shannon's entropy of the characters times their number. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / length), 0);
}

export const entropyAtLeast: Keyword = {
  name: 'entropyAtLeast',
  title: 'an entropy in bits of at least',
  operand: { type: 'number', minimum: 0 },
  suits: ['string'],
  satisfies: (value, operand) => typeof value === 'string' && typeof operand === 'number' && bitsOf(value) >= operand,
};
