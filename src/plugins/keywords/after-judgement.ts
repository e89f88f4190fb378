/** A date that is later than the day of judgement, by more than so many days. */
import type { Keyword } from '../../core/model/keyword.ts';
import { daysAround, daysBetween } from '../../lib/dates.ts';

/** A number of days, or true for none. */
const isMargin = (operand: unknown): operand is number | true => operand === true || typeof operand === 'number';

export const afterJudgement: Keyword = {
  name: 'afterJudgement',
  title: 'a date later than the day of judgement (by more days than, where a number is given):',
  operand: { type: ['integer', 'boolean'], minimum: 0 },
  suits: ['string'],
  complaint: (operand) => (operand === false ? 'write true or a number of days' : undefined),
  samples: (operand, at) => daysAround(at, typeof operand === 'number' ? operand : 0),
  satisfies(value, operand, { at }) {
    const days = daysBetween(at, value);
    return days !== undefined && isMargin(operand) && days > (operand === true ? 0 : operand);
  },
};
