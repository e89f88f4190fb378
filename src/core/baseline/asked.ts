/** What the shipped baselines name: controls, units, features. References of other documents are compared with it. */
import type { Json } from '../../lib/schema.ts';
import type { Library } from './library.ts';
import type { RawBaseline } from './raw.ts';
import { isObject } from './value-test.ts';

/** The ICS and the IXIT are the pro formas of this standard's test specification. */
const ICS_BASELINE = 'etsi-en-303-645';

export interface Asked {
  readonly baselines: readonly string[];
  /** `baseline/control` of every edition. */
  readonly controls: readonly string[];
  /** Controls that the ICS answers. */
  readonly provisions: readonly string[];
  /** `baseline/control/unit` of every edition. */
  readonly units: readonly string[];
  readonly features: readonly string[];
}

export function askedBy(library: Library): Asked {
  const raw = library.assets
    .filter(({ kind }) => kind === 'baseline')
    .map((asset) => asset.open().value as unknown as RawBaseline);
  const controls = raw.flatMap(({ id, controls: own = [] }) => own.map((control) => ({ id, control })));
  return {
    baselines: [...new Set(raw.map(({ id }) => id))],
    controls: [...new Set(controls.map(({ id, control }) => `${id}/${control.id}`))],
    provisions: [...new Set(controls.filter(({ id }) => id === ICS_BASELINE).map(({ control }) => control.id))],
    units: [
      ...new Set(controls.flatMap(({ id, control }) => control.units.map((unit) => `${id}/${control.id}/${unit.id}`))),
    ],
    features: [...new Set(controls.flatMap(({ control }) => featuresIn(control.applies ?? 'always')))],
  };
}

/** Every feature that an applicability names. */
export function featuresIn(applies: Json): readonly string[] {
  if (typeof applies === 'string') return applies === 'always' ? [] : [applies];
  if (Array.isArray(applies)) return applies.flatMap((one) => featuresIn(one as Json));
  return isObject(applies) ? Object.values(applies).flatMap(featuresIn) : [];
}
