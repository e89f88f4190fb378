/** Dates as whole days, without time zones. */

const DAY = 86_400_000;
const ISO = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]{1,20}(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of an ISO 8601 date or date-time; undefined for anything else, and for days that no calendar has. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !ISO.test(value)) return undefined;
  const time = Date.parse(value);
  if (Number.isNaN(time)) return undefined;
  // Date.parse takes 30 February for 2 March.
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? time : undefined;
}

/** Days from one date to another, with fractions; negative when the second is earlier; undefined when one is no date. */
export function daysBetween(from: unknown, to: unknown): number | undefined {
  const [start, end] = [timeOf(from), timeOf(to)];
  return start === undefined || end === undefined ? undefined : (end - start) / DAY;
}

/** Dates on each side of so many days before and after one, and a text that is none. Days that no ISO date can name are left out. */
export function daysAround(from: string, days: number): readonly string[] {
  const times = [-days - 1, -days, 0, days, days + 1].map((margin) => Date.parse(from) + margin * DAY);
  const dates = times.map((time) => new Date(time)).filter((date) => !Number.isNaN(date.getTime()));
  return ['', ...dates.map((date) => date.toISOString()).filter((date) => ISO.test(date))];
}
