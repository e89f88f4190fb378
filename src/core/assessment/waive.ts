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
  const byControl = new Map<string, OfControl>();
  for (const [order, waiver] of alive.entries()) {
    const own = byControl.get(waiver.control) ?? { bySubject: new Map() };
    byControl.set(waiver.control, own);
    keep(own, waiver, order);
  }
  return {
    excuse(control) {
      const own = byControl.get(control);
      if (own === undefined || own.bySubject.size === 0) return NO_EXCUSE;
      return (result, checkId, checkKey) =>
        waivable(result.outcome) ? excuseOf(own, result, checkId, checkKey) : undefined;
    },
    whole: (control) => byControl.get(control)?.whole,
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

/** The living waivers of one control: the first of the whole of it, the others by subject, `undefined` for every subject. */
interface OfControl {
  whole?: Waiver;
  readonly bySubject: Map<string | undefined, { readonly waiver: Waiver; readonly order: number }[]>;
}

function keep(own: OfControl, waiver: Waiver, order: number): void {
  if (waiver.check === undefined && waiver.subject === undefined) {
    own.whole ??= waiver;
    return;
  }
  const list = own.bySubject.get(waiver.subject) ?? [];
  own.bySubject.set(waiver.subject, list);
  list.push({ waiver, order });
}

/** The first, in the order in which they were given, that covers a result. */
function excuseOf(own: OfControl, result: Result, checkId: string, checkKey: string): Waiver | undefined {
  const found = [nameOf(result.subject), undefined].flatMap((subject) => {
    const first = own.bySubject
      .get(subject)
      ?.find(({ waiver: { check } }) => check === undefined || check === checkId || check === checkKey);
    return first === undefined ? [] : [first];
  });
  return found.sort((a, b) => a.order - b.order)[0]?.waiver;
}
