/** Gatherers as a command needs them: the kinds that it runs are loaded, all others are known by what the build wrote of them. */
import { existsSync, readFileSync } from 'node:fs';
import type { Registry } from '../core/assessment/plan.ts';
import type { FactType } from '../core/model/fact.ts';
import type { Analyzer, DeclarationReader, Deriver, Inspector, Probe } from '../core/model/gatherer.ts';

export type Gatherers = Omit<Registry, 'opening'>;
export type Kind = keyof Gatherers;
export const KINDS: readonly Kind[] = ['probes', 'analyzers', 'inspectors', 'declarations', 'derivers'];

/** What a gatherer says of itself, its fact types by name. */
interface Described {
  readonly id: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
}
type Descriptions = { readonly [K in Kind]: readonly Described[] };

type Whole = { readonly id: string; readonly consumes: readonly FactType[]; readonly produces: readonly FactType[] };

/** For the build: gatherers without what they do. */
export const describe = (gatherers: readonly Whole[]): readonly Described[] =>
  gatherers.map((one) => ({ ...one, consumes: names(one.consumes), produces: names(one.produces) }));
const names = (types: readonly FactType[]): readonly string[] => types.map(({ name }) => name);

const WRITTEN = new URL('../assets/gatherers.json', import.meta.url);

/** The gatherers of these kinds; undefined in a source tree before its build. */
export function described(types: readonly FactType[]): Gatherers | undefined {
  if (!existsSync(WRITTEN)) return undefined;
  const known = new Map(types.map((type) => [type.name, type]));
  const typed = (list: readonly string[]): readonly FactType[] =>
    list.map((name) => {
      const type = known.get(name);
      if (type === undefined) throw new Error(`there is no fact type '${name}': build again`);
      return type;
    });
  const all = JSON.parse(readFileSync(WRITTEN, 'utf8')) as Descriptions;
  const of = <T>(kind: Kind): readonly T[] =>
    all[kind].map((one) => ({ ...one, consumes: typed(one.consumes), produces: typed(one.produces), ...IDLE }) as T);
  return {
    probes: of<Probe>('probes'),
    analyzers: of<Analyzer>('analyzers'),
    inspectors: of<Inspector>('inspectors'),
    declarations: of<DeclarationReader>('declarations'),
    derivers: of<Deriver>('derivers'),
  };
}

/** The kinds that look at what was given; derivers work on all of it. */
export function kindsFor(given: {
  readonly devices: readonly string[];
  readonly firmware: readonly string[];
  readonly updates: readonly string[];
  readonly declaration?: string;
}): ReadonlySet<Kind> {
  const images = given.firmware.length > 0;
  const kinds = new Set<Kind>(['derivers']);
  if (given.devices.length > 0) kinds.add('probes');
  if (images) kinds.add('analyzers');
  // An image may be an update by its nature.
  if (images || given.updates.length > 0) kinds.add('inspectors');
  if (given.declaration !== undefined) kinds.add('declarations');
  return kinds;
}

/** For commands that run no gatherer. */
export const NONE: ReadonlySet<Kind> = new Set();

function idle(): never {
  throw new Error('this command runs no gatherers of this kind');
}
const IDLE = { subjects: idle, observe: idle, wants: idle };
