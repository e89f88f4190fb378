/** A date from the day of judgement on, and no more than so many days later. */
import type { Keyword } from '../../core/model/keyword.ts';
import { daysAround, daysBetween } from '../../lib/dates.ts';

export const withinDays: Keyword = {
  name: 'withinDays',
  title: 'a date from the day of judgement until so many days later:',
  operand: { type: 'integer', minimum: 0 },
  suits: ['string'],
  samples: (operand, at) => daysAround(at, Number(operand)),
  satisfies(value, operand, { at }) {
    const days = daysBetween(at, value);
    return days !== undefined && typeof operand === 'number' && days >= 0 && days <= operand;
  },
};
