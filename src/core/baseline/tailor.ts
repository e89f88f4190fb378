/** Tailoring: what a baseline keeps, leaves out and sets otherwise of the one that it extends. */
import type { Json } from '../../lib/schema.ts';
import type { Baseline, Check, Control, Unit } from '../model/baseline.ts';
import { nearest } from './nearest.ts';
import type { FindCheck, RawBaseline, RawOverride } from './raw.ts';
import type { Complain } from './value-test.ts';

export interface Tailored {
  readonly controls: readonly Control[];
  readonly excluded: Baseline['excluded'];
}

export function tailor(raw: RawBaseline, base: Baseline | undefined, find: FindCheck, complain: Complain): Tailored {
  if (base === undefined) return { controls: [], excluded: [] };
  const ids = base.controls.map((control) => control.id);
  const included = namedBy(raw.include, ids, 'include', complain) ?? new Set(ids);
  const exclude = raw.exclude ?? [];
  for (const [index, { control }] of exclude.entries()) {
    if (!ids.some((id) => suits(control, id)))
      complain(['exclude', index, 'control'], `${base.id} has no control '${control}'`, nearest(control, ids));
  }
  const reasonOf = (id: string): string | undefined => exclude.find(({ control }) => suits(control, id))?.reason;
  const kept = base.controls.filter((control) => included.has(control.id) && reasonOf(control.id) === undefined);
  const dropped = ids.flatMap((control) => {
    const reason = reasonOf(control);
    return reason === undefined ? [] : [{ control, reason }];
  });
  return {
    controls: (raw.parameters ?? []).reduce<readonly Control[]>(
      (controls, override, index) => applyOverride(controls, override, index, find, complain),
      kept,
    ),
    excluded: [...base.excluded, ...dropped],
  };
}

const suits = (pattern: string, id: string): boolean =>
  pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;

function namedBy(
  patterns: readonly string[] | undefined,
  ids: readonly string[],
  key: string,
  complain: Complain,
): ReadonlySet<string> | undefined {
  if (patterns === undefined) return undefined;
  for (const [index, pattern] of patterns.entries()) {
    if (!ids.some((id) => suits(pattern, id)))
      complain([key, index], `there is no control '${pattern}'`, nearest(pattern, ids));
  }
  return new Set(ids.filter((id) => patterns.some((pattern) => suits(pattern, id))));
}

/** The controls with one override applied to every reference of its check; one that touches nothing is a mistake. */
function applyOverride(
  controls: readonly Control[],
  override: RawOverride,
  index: number,
  find: FindCheck,
  complain: Complain,
): readonly Control[] {
  const path = ['parameters', index];
  let touched = 0;
  // Mistakes in the parameters are the same for every reference: told once.
  const once: Complain = (...mistake) => touched <= 1 && complain(...mistake);
  const replace = (check: Check): Check => {
    if (check.id !== override.check) return check;
    touched += 1;
    const merged = { ...check.parameters, ...(override.params as { readonly [name: string]: Json }) };
    return find(check.id, merged, path, once) ?? check;
  };
  const changed = controls.map((control) =>
    override.control !== undefined && override.control !== control.id
      ? control
      : { ...control, units: control.units.map((unit): Unit => ({ ...unit, checks: unit.checks.map(replace) })) },
  );
  if (touched === 0) {
    const cited = controls.flatMap((control) => control.units.flatMap((unit) => unit.checks.map((check) => check.id)));
    complain([...path, 'check'], `no control kept here cites '${override.check}'`, nearest(override.check, cited));
  }
  return changed;
}
