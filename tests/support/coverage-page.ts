/** The page docs/coverage.md, worked out from the baselines: what checks can decide, what they can refute, what a person does. */
import type { Applicability, Baseline, Control } from '../../src/core/model/baseline.ts';

export type Reach = 'decided' | 'refuted' | 'person';
/** Narrow enough to read in an editor. */
const WIDTH = 150;

/** How far checks take a control: all its units decided, at least one that a check can fail, or none. */
export function reachOf(control: Control): Reach {
  if (control.units.length > 0 && control.units.every(({ mark }) => mark === 'decide')) return 'decided';
  return control.units.some(({ mark }) => mark !== 'person') ? 'refuted' : 'person';
}

export function featureNames(applies: Applicability): readonly string[] {
  if ('always' in applies) return [];
  if ('feature' in applies) return [applies.feature];
  if ('not' in applies) return featureNames(applies.not);
  return ('all' in applies ? applies.all : applies.any).flatMap(featureNames);
}

export function coveragePage(baselines: readonly Baseline[]): string {
  const checks = new Set(baselines.flatMap(({ controls }) => controls.flatMap(checkIds)));
  return [
    '# What the shipped baselines can tell',
    '',
    'Made from the baselines by `npx vitest run tests/baselines/coverage.test.ts -u`; do not edit.',
    '',
    `${baselines.length} baselines, ${baselines.reduce((sum, one) => sum + one.controls.length, 0)} controls, ${checks.size} checks.`,
    '',
    '* **decided**: every unit of the control is settled by checks, both ways.',
    '* **refuted**: at least one unit can be failed by a check; a person attests the rest.',
    '* **person**: no check bears on it; a person looks and attests.',
    '',
    'A control passes only when each of its units is decided or attested.',
    '',
    ...totals(baselines),
    '',
    ...baselines.flatMap(section),
  ].join('\n');
}

function totals(baselines: readonly Baseline[]): readonly string[] {
  const head = [
    'baseline',
    'controls',
    'decided',
    'refuted',
    'person',
    'mandatory',
    'of these decided or refuted',
    'units decide / refute / person',
  ];
  const rows = baselines.map((one) => {
    const reach = (kind: Reach, controls = one.controls) =>
      controls.filter((control) => reachOf(control) === kind).length;
    const binding = one.controls.filter(isBinding);
    const marks = (mark: string) =>
      one.controls.flatMap(({ units }) => units).filter((unit) => unit.mark === mark).length;
    return [
      `\`${one.id}@${one.version}\``,
      one.controls.length,
      reach('decided'),
      reach('refuted'),
      reach('person'),
      binding.length,
      binding.length - reach('person', binding),
      `${marks('decide')} / ${marks('refute')} / ${marks('person')}`,
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Mandatory, at whatever level. */
const isBinding = (control: Control): boolean =>
  control.levels === undefined ? control.obligation === 'mandatory' : control.levels.length > 0;

const checkIds = (control: Control): readonly string[] =>
  control.units.flatMap(({ checks }) => checks.map(({ id }) => id));

function section(baseline: Baseline): readonly string[] {
  const ids = (reach: Reach) => baseline.controls.filter((one) => reachOf(one) === reach).map(({ id }) => id);
  const features = [...new Set(baseline.controls.flatMap(({ applies }) => featureNames(applies)))].sort();
  return [
    `## ${baseline.title} (\`${baseline.id}@${baseline.version}\`)`,
    '',
    ...(['decided', 'refuted', 'person'] as const).flatMap((reach) => bullet(reach, ids(reach))),
    ...bullet('features it asks for', features),
    '',
  ];
}

function bullet(name: string, ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return [];
  const lines: string[] = [];
  let line = `* **${name}** (${ids.length}):`;
  for (const [index, id] of ids.entries()) {
    const word = ` ${id}${index === ids.length - 1 ? '' : ','}`;
    if (line.length + word.length > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += word;
  }
  return [...lines, line];
}
