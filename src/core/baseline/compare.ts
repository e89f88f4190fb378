/** What differs between two baselines, such as two editions of one standard: controls that came, went or ask something else. */
import type { Applicability, Baseline, Control, Unit } from '../model/baseline.ts';

export interface EditionChange {
  readonly control: string;
  readonly title: string;
  /** One phrase a member: `obligation: recommended → mandatory`. */
  readonly changes: readonly string[];
}

export interface EditionDifference {
  readonly before: string;
  readonly after: string;
  readonly added: readonly Omit<EditionChange, 'changes'>[];
  readonly removed: readonly Omit<EditionChange, 'changes'>[];
  readonly changed: readonly EditionChange[];
  readonly same: number;
}

export function compareBaselines(before: Baseline, after: Baseline): EditionDifference {
  const [old, now] = [byId(before.controls), byId(after.controls)];
  const named = ({ id, title }: Control) => ({ control: id, title });
  const changed = [...now.values()].flatMap((control): readonly EditionChange[] => {
    const was = old.get(control.id);
    const changes = was === undefined ? [] : changesOf(was, control);
    return changes.length === 0 ? [] : [{ ...named(control), changes }];
  });
  const both = before.controls.filter(({ id }) => now.has(id)).length;
  return {
    before: nameOf(before),
    after: nameOf(after),
    added: after.controls.filter(({ id }) => !old.has(id)).map(named),
    removed: before.controls.filter(({ id }) => !now.has(id)).map(named),
    changed,
    same: both - changed.length,
  };
}

const nameOf = ({ id, version, level }: Baseline): string =>
  `${id}@${version}${level === undefined ? '' : `:${level}`}`;

const byId = <T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> =>
  new Map(list.map((one) => [one.id, one]));

function changesOf(was: Control, is: Control): readonly string[] {
  const words = (control: Control): readonly (readonly [string, string])[] => [
    ['title', control.title],
    ['obligation', control.obligation],
    ['status', control.status ?? 'none'],
    ['applies', inWords(control.applies)],
    ['draft', control.draft === true ? 'yes' : 'no'],
    ['deemed by', (control.deemedBy ?? []).join(', ') || 'none'],
  ];
  const [old, now] = [words(was), words(is)];
  const plain = now.flatMap(([name, value], index) => {
    const before = old[index]?.[1] ?? '';
    return before === value ? [] : [`${name}: ${before} → ${value}`];
  });
  const text = was.text === is.text ? [] : ['text: worded otherwise'];
  return [...plain, ...text, ...unitChanges(was.units, is.units)];
}

function unitChanges(was: readonly Unit[], is: readonly Unit[]): readonly string[] {
  const [old, now] = [byId(was), byId(is)];
  const named = (sign: string, ids: readonly string[]): readonly string[] =>
    ids.length === 0 ? [] : [`units: ${ids.map((id) => sign + id).join(' ')}`];
  const inside = is.flatMap((unit) => {
    const before = old.get(unit.id);
    return before === undefined ? [] : insideChanges(before, unit).map((words) => `unit ${unit.id}: ${words}`);
  });
  return [
    ...named(
      '+',
      is.filter(({ id }) => !old.has(id)).map(({ id }) => id),
    ),
    ...named(
      '−',
      was.filter(({ id }) => !now.has(id)).map(({ id }) => id),
    ),
    ...inside,
  ];
}

function insideChanges(was: Unit, is: Unit): readonly string[] {
  const keys = (unit: Unit): readonly string[] => unit.checks.map(({ key }) => key);
  const [old, now] = [keys(was), keys(is)];
  const checks = [
    ...now.filter((key) => !old.includes(key)).map((key) => `+${key}`),
    ...old.filter((key) => !now.includes(key)).map((key) => `−${key}`),
  ];
  return [
    ...(was.mark === is.mark ? [] : [`${was.mark} → ${is.mark}`]),
    ...(checks.length === 0 ? [] : [`checks ${checks.join(' ')}`]),
    ...(was.work === is.work ? [] : ['work: worded otherwise']),
  ];
}

/** `always`, `ip or (radio and not battery)`. */
export function inWords(applies: Applicability): string {
  if ('always' in applies) return 'always';
  if ('feature' in applies) return applies.feature;
  if ('not' in applies) return `not ${nested(applies.not)}`;
  return 'all' in applies ? applies.all.map(nested).join(' and ') : applies.any.map(nested).join(' or ');
}

const nested = (applies: Applicability): string =>
  'all' in applies || 'any' in applies ? `(${inWords(applies)})` : inWords(applies);
