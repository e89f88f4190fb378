/** Waivers over results: what they excuse, and which of them are stale, unused or too wide. */
import type { Waiver } from '../model/baseline.ts';
import type { Report, Result } from '../model/report.ts';
import { nameOf } from '../model/target.ts';
import type { Outcome } from '../model/verdict.ts';

/** The waiver that covers one result of one check inside one control; undefined when none does. */
export type Excuse = (result: Result, checkId: string, checkKey: string) => Waiver | undefined;
export const NO_EXCUSE: Excuse = () => undefined;

export interface Waivers {
  /** Waivers of single checks or subjects of a control. */
  excuse(control: string): Excuse;
  /** A waiver of the control as a whole. */
  whole(control: string): Waiver | undefined;
  use(waiver: Waiver): void;
  /** Every waiver and what became of it, in the order in which they were given. */
  told(): Report['waivers'];
}

/** Outcomes that a waiver can cover: fails, and what could not be seen. */
export const waivable = (outcome: Outcome): boolean =>
  outcome === 'fail' || outcome === 'inconclusive' || outcome === 'error';

/** `at` is the date of judgement; a waiver counts through its last day. */
export function waiversOf(waivers: readonly Waiver[], at: string): Waivers {
  const today = at.slice(0, 10);
  const alive = waivers.filter(({ expires }) => expires >= today);
  const used = new Set<Waiver>();
  const isWhole = (waiver: Waiver): boolean => waiver.check === undefined && waiver.subject === undefined;
  return {
    excuse(control) {
      const own = alive.filter((waiver) => waiver.control === control && !isWhole(waiver));
      if (own.length === 0) return NO_EXCUSE;
      return (result, checkId, checkKey) =>
        waivable(result.outcome) ? own.find((waiver) => covers(waiver, result, checkId, checkKey)) : undefined;
    },
    whole: (control) => alive.find((waiver) => waiver.control === control && isWhole(waiver)),
    use: (waiver) => used.add(waiver),
    told: () =>
      waivers.map((waiver) => {
        const { at: _place, ...rest } = waiver;
        if (waiver.expires < today) return { waiver: rest, state: 'expired' as const };
        const note = waiver.subject === undefined ? { note: 'it names no subject, so it covers every one' } : {};
        return { waiver: rest, state: used.has(waiver) ? ('used' as const) : ('unused' as const), ...note };
      }),
  };
}

function covers(waiver: Waiver, result: Result, checkId: string, checkKey: string): boolean {
  if (waiver.check !== undefined && waiver.check !== checkId && waiver.check !== checkKey) return false;
  return waiver.subject === undefined || waiver.subject === nameOf(result.subject);
}
