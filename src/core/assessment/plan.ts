/** What will be gathered, in which order, and what was withheld: a closure from the facts that are wanted. */
import type { FactType, Gap } from '../model/fact.ts';
import type { Analyzer, DeclarationReader, Deriver, Inspector, Intrusion, Probe } from '../model/gatherer.ts';
import type { Area } from '../model/target.ts';
import { type Feeding, meets } from './relations.ts';

/** What opens images: not a gatherer of a folder, for it fills the tree that analyzers look at. */
export interface Opening {
  readonly id: string;
  readonly title: string;
  readonly produces: readonly FactType[];
}

export interface Registry {
  readonly opening: Opening;
  readonly probes: readonly Probe[];
  readonly analyzers: readonly Analyzer[];
  readonly inspectors: readonly Inspector[];
  readonly declarations: readonly DeclarationReader[];
  readonly derivers: readonly Deriver[];
}

export type Step =
  | { readonly kind: 'opening'; readonly gatherer: Opening; readonly layer: number }
  | { readonly kind: 'probe'; readonly gatherer: Probe; readonly layer: number }
  | { readonly kind: 'analyzer'; readonly gatherer: Analyzer; readonly layer: number }
  | { readonly kind: 'inspector'; readonly gatherer: Inspector; readonly layer: number }
  | { readonly kind: 'declaration'; readonly gatherer: DeclarationReader; readonly layer: number }
  | { readonly kind: 'deriver'; readonly gatherer: Deriver; readonly layer: number };
export type StepKind = Step['kind'];
type Unordered = { [K in StepKind]: Omit<Extract<Step, { kind: K }>, 'layer'> }[StepKind];

/** Where a gap of a gatherer lies unless it says otherwise: as wide as what that kind looks at. */
export const AREA_OF: { readonly [K in StepKind]: Area } = {
  opening: 'root-file-system',
  probe: 'endpoint',
  analyzer: 'root-file-system',
  inspector: 'update',
  declaration: 'declaration',
  deriver: 'target',
};

export interface Given {
  readonly devices: boolean;
  readonly images: boolean;
  readonly updates: boolean;
  readonly declaration: boolean;
  /** The flag without which the user did not allow this gatherer; undefined when it may run. */
  refuses(gatherer: {
    readonly id: string;
    readonly intrusion: Intrusion;
    readonly produces: readonly FactType[];
  }): string | undefined;
}

export interface Plan {
  /** In order; steps of one layer do not feed on one another. */
  readonly steps: readonly Step[];
  /** One `not-given` gap for each gatherer that lacks its target or its permission. */
  readonly withheld: readonly Gap[];
  /** All fact types that the wanted ones rest on, themselves among them. */
  readonly relevant: ReadonlySet<string>;
}

/** Every gatherer as what it feeds on and what it feeds. */
export function feedings(registry: Registry): readonly Feeding[] {
  return unordered(registry).map(({ gatherer }) => feeding(gatherer));
}
const feeding = (gatherer: Unordered['gatherer']): Feeding => ({
  id: gatherer.id,
  consumes: 'consumes' in gatherer ? gatherer.consumes : [],
  produces: gatherer.produces,
});

function unordered(registry: Registry): readonly Unordered[] {
  return [
    { kind: 'opening', gatherer: registry.opening },
    ...registry.declarations.map((gatherer) => ({ kind: 'declaration' as const, gatherer })),
    ...registry.analyzers.map((gatherer) => ({ kind: 'analyzer' as const, gatherer })),
    ...registry.inspectors.map((gatherer) => ({ kind: 'inspector' as const, gatherer })),
    ...registry.probes.map((gatherer) => ({ kind: 'probe' as const, gatherer })),
    ...registry.derivers.map((gatherer) => ({ kind: 'deriver' as const, gatherer })),
  ];
}

/** What is needed to see the wanted facts (`all`: everything; `only`: these gatherers and what they rest on). */
export function plan(
  registry: Registry,
  wanted: ReadonlySet<string> | 'all',
  given: Given,
  only?: ReadonlySet<string>,
): Plan {
  const known = unordered(registry);
  const { chosen, relevant } = closure(known, wanted, only);
  const may: Unordered[] = [];
  const withheld: Gap[] = [];
  for (const step of chosen) {
    const lacks = lacking(step, given);
    if (lacks === undefined) may.push(step);
    else withheld.push(...withholding(step, lacks));
  }
  return { steps: ordered(may), withheld, relevant };
}

function closure(
  known: readonly Unordered[],
  wanted: ReadonlySet<string> | 'all',
  only: ReadonlySet<string> | undefined,
): { readonly chosen: readonly Unordered[]; readonly relevant: ReadonlySet<string> } {
  const relevant = new Set<string>(wanted === 'all' ? [] : wanted);
  const chosen = new Set<Unordered>();
  const opened = known.find(({ kind }) => kind === 'opening')?.gatherer.produces ?? [];
  const choose = (step: Unordered): void => {
    chosen.add(step);
    for (const { name } of feeding(step.gatherer).consumes) relevant.add(name);
    if (step.kind === 'analyzer') for (const { name } of opened) relevant.add(name);
  };
  const asked = wanted === 'all' ? known.filter(({ gatherer }) => only?.has(gatherer.id) ?? true) : [];
  asked.forEach(choose);
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    known.filter((step) => !chosen.has(step) && feedsOne(step, relevant)).forEach(choose);
  }
  for (const { gatherer } of asked) for (const { name } of gatherer.produces) relevant.add(name);
  return { chosen: known.filter((step) => chosen.has(step)), relevant };
}

const feedsOne = ({ gatherer }: Unordered, names: ReadonlySet<string>): boolean =>
  gatherer.produces.some(({ name }) => names.has(name));

interface Lack {
  readonly flag: string;
  readonly message: string;
}

function lacking(step: Unordered, given: Given): Lack | undefined {
  const absent: Lack | undefined = ABSENT[step.kind](given);
  if (absent !== undefined || step.kind === 'opening') return absent;
  const flag = given.refuses(step.gatherer);
  return flag === undefined ? undefined : { flag, message: `not allowed without ${flag}` };
}

const need = (has: boolean, flag: string, what: string): Lack | undefined =>
  has ? undefined : { flag, message: `no ${what} was given` };
const ABSENT: { readonly [K in StepKind]: (given: Given) => Lack | undefined } = {
  opening: (given) => need(given.images, '--firmware', 'firmware'),
  analyzer: (given) => need(given.images, '--firmware', 'firmware'),
  probe: (given) => need(given.devices, '--device', 'device'),
  inspector: (given) => need(given.updates || given.images, '--update', 'update'),
  declaration: (given) => need(given.declaration, '--declaration', 'declaration'),
  deriver: () => undefined,
};

function withholding(step: Unordered, lack: Lack): readonly Gap[] {
  return gapsOf(
    { id: step.gatherer.id, kind: step.kind },
    step.gatherer.produces,
    { kind: 'not-given', ...lack },
    { kind: 'target' },
  );
}

/**
 * Gaps on some fact types by one gatherer, grouped by area: the given one, else the kind's own, widened to a fact's own
 * area where the kind's area would not touch it (else nobody would hear of the gap).
 */
export function gapsOf(
  source: { readonly id: string; readonly kind: StepKind },
  types: readonly FactType[],
  unseen: Gap['unseen'],
  scope: Gap['scope'],
  area?: Area,
): readonly Gap[] {
  const groups = new Map<Area, string[]>();
  for (const type of types) {
    const at = area ?? areaFor(source.kind, scope, type.over);
    groups.set(at, [...(groups.get(at) ?? []), type.name]);
  }
  return [...groups].map(([at, facts]) => ({ source: source.id, scope, area: at, facts, unseen }));
}

function areaFor(kind: StepKind, scope: Gap['scope'], own: Area): Area {
  if (kind === 'deriver') return own;
  const usual = 'transport' in scope ? scope.transport : AREA_OF[kind];
  return meets(usual, own) ? usual : own;
}

/** Layers by what feeds on what; the analyzers and what opens images for them count as one. */
function ordered(steps: readonly Unordered[]): readonly Step[] {
  const local = (step: Unordered): boolean => step.kind === 'opening' || step.kind === 'analyzer';
  const nodes: { readonly steps: readonly Unordered[]; readonly ids: string }[] = [
    { steps: steps.filter(local), ids: 'images' },
    ...steps.filter((step) => !local(step)).map((step) => ({ steps: [step], ids: step.gatherer.id })),
  ].filter((node) => node.steps.length > 0);
  const producers = new Map<string, number[]>();
  nodes.forEach((node, index) => {
    for (const step of node.steps)
      for (const { name } of step.gatherer.produces) producers.set(name, [...(producers.get(name) ?? []), index]);
  });
  const layers = new Map<number, number>();
  const layerOf = (index: number, path: readonly number[]): number => {
    const known = layers.get(index);
    if (known !== undefined) return known;
    if (path.includes(index)) {
      const circle = [...path.slice(path.indexOf(index)), index].map((at) => nodes[at]?.ids ?? '?');
      throw new Error(`gatherers feed on one another in a circle: ${circle.join(' → ')}`);
    }
    const before = (nodes[index]?.steps ?? [])
      .flatMap((step) => feeding(step.gatherer).consumes)
      .flatMap(({ name }) => producers.get(name) ?? [])
      .filter((other) => other !== index);
    const layer = Math.max(-1, ...[...new Set(before)].map((other) => layerOf(other, [...path, index]))) + 1;
    layers.set(index, layer);
    return layer;
  };
  const withLayer = nodes.flatMap((node, index) => {
    const layer = layerOf(index, []);
    return node.steps.map((step) => ({ ...step, layer }) as Step);
  });
  return withLayer.sort((a, b) => a.layer - b.layer);
}
