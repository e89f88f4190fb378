/** How outcomes and reasons roll up: the laws. */

import { describe, expect, test } from 'vitest';
import { gravest, OUTCOMES, REASONS, uniteReasons } from '../../../src/core/model/verdict.ts';
import { fc, property } from '../../support/property.ts';

const outcome = fc.constantFrom(...OUTCOMES);
const outcomes = fc.array(outcome, { maxLength: 8 });
const reasons = fc.array(fc.constantFrom(...REASONS), { maxLength: 4 });

describe('the gravest outcome', () => {
  test('a fail outweighs an error, that what is open, that what was accepted, that good', () => {
    const order = ['fail', 'error', 'inconclusive', 'waived', 'pass', 'not-applicable'] as const;
    for (const [index, graver] of order.entries())
      for (const lighter of order.slice(index)) expect(gravest([lighter, graver])).toBe(graver);
  });

  test('nothing is not-applicable', () => {
    expect(gravest([])).toBe('not-applicable');
  });

  property.prop([outcomes, outcomes, outcomes])('does not depend on grouping', (a, b, c) => {
    expect(gravest([gravest([...a, ...b]), ...c])).toBe(gravest([...a, gravest([...b, ...c])]));
  });

  property.prop([outcomes])('does not depend on order or repetition', (list) => {
    expect(gravest([...list].reverse())).toBe(gravest(list));
    expect(gravest([...list, ...list])).toBe(gravest(list));
  });

  property.prop([outcome])('of one is that one', (one) => {
    expect(gravest([one])).toBe(one);
  });
});

describe('reasons', () => {
  property.prop([reasons, reasons])('unite to a set in fixed order', (a, b) => {
    const united = uniteReasons([a, b]);
    expect(united).toEqual(uniteReasons([b, a, b]));
    expect(new Set(united)).toEqual(new Set([...a, ...b]));
    expect(united).toEqual(REASONS.filter((reason) => united.includes(reason)));
  });
});
