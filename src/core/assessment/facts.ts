/** The store behind FactView: facts by type, gaps closed over what feeds on them, and who spoke. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../lib/canonical.ts';
import type { Coverage, Fact, FactType, FactView, Gap } from '../model/fact.ts';
import { type Area, nameOf, type SubjectOf, touches } from '../model/target.ts';
import { closeGap, type Relations } from './relations.ts';

/** A gatherer that ran and the fact types it spoke about. */
export interface Heard {
  readonly source: string;
  readonly types: readonly string[];
}

/** `type-` and 12 hex digits of the hash of type, subject, data and source: the same in every run that sees the same. */
export function factId(fact: Pick<Fact, 'type' | 'subject' | 'data' | 'source'>): string {
  const text = canonicalJson([fact.type, fact.subject, fact.data, fact.source]);
  return `${fact.type}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** Facts and gaps in an order that does not depend on which answer came first. */
export function inOrder(facts: readonly Fact[]): readonly Fact[] {
  const keyed = facts.map((fact) => ({ fact, key: `${fact.type}\u0000${nameOf(fact.subject)}\u0000${fact.id}` }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ fact }) => fact);
}
export function gapsInOrder(gaps: readonly Gap[]): readonly Gap[] {
  const keyed = gaps.map((gap) => ({ gap, key: `${nameOf(gap.scope)}\u0000${gap.source}\u0000${canonicalJson(gap)}` }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ gap }) => gap);
}
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Gaps kept of one source; what is beyond is one more gap that says so. */
const GAPS_OF_ONE_SOURCE = 5000;

export class FactStore implements FactView {
  readonly #relations: Relations;
  readonly #byId = new Map<string, Fact>();
  readonly #byType = new Map<string, Fact[]>();
  readonly #gaps = new Map<string, Gap>();
  readonly #gapsByType = new Map<string, Gap[]>();
  readonly #gapCount = new Map<string, number>();
  readonly #heard = new Map<string, string[]>();
  /** Of endpoints, by place and type. */
  readonly #byPlace = new Map<string, Map<string, Fact[]>>();

  constructor(relations: Relations) {
    this.#relations = relations;
  }

  /** Keeps a fact; false when the very same was there already. */
  add(fact: Fact): boolean {
    if (this.#byId.has(fact.id)) return false;
    this.#byId.set(fact.id, fact);
    push(this.#byType, fact.type, fact);
    if (fact.subject.kind === 'endpoint') {
      const place = nameOf(fact.subject);
      const types = this.#byPlace.get(place) ?? new Map<string, Fact[]>();
      this.#byPlace.set(place, types);
      push(types, fact.type, fact);
    }
    return true;
  }

  /** The facts about one endpoint and no other. */
  at(endpoint: SubjectOf<'endpoint'>): FactView {
    const place = nameOf(endpoint);
    const named = (name: string): readonly Fact[] => this.#byPlace.get(place)?.get(name) ?? [];
    return {
      named,
      of: <T>(type: FactType<T>) => named(type.name) as readonly Fact<T>[],
      coverage: (name, over) => this.coverage(name, over),
    };
  }

  /** Keeps a gap, closed over what feeds on it; returns the gaps that were new. */
  addGap(gap: Gap): readonly Gap[] {
    const fresh: Gap[] = [];
    for (const closed of closeGap(this.#bounded(gap), this.#relations)) {
      const key = canonicalJson(closed);
      if (this.#gaps.has(key)) continue;
      this.#gaps.set(key, closed);
      fresh.push(closed);
      for (const name of closed.facts) push(this.#gapsByType, name, closed);
    }
    return fresh;
  }

  #bounded(gap: Gap): Gap {
    const count = (this.#gapCount.get(gap.source) ?? 0) + 1;
    this.#gapCount.set(gap.source, count);
    if (count <= GAPS_OF_ONE_SOURCE) return gap;
    const message = `more than ${GAPS_OF_ONE_SOURCE} gaps: the rest is not listed one by one`;
    return { ...gap, scope: { kind: 'target' }, unseen: { kind: 'over-budget', message } };
  }

  /** Notes that a gatherer has looked for facts of these types. */
  hear(heard: Heard): void {
    for (const name of heard.types) {
      const sources = this.#heard.get(name) ?? [];
      if (!sources.includes(heard.source)) this.#heard.set(name, [...sources, heard.source].sort());
    }
  }

  of<T>(type: FactType<T>): readonly Fact<T>[] {
    return this.named(type.name) as readonly Fact<T>[];
  }

  named(name: string): readonly Fact[] {
    return this.#byType.get(name) ?? [];
  }

  /** Complete means that somebody spoke and nobody failed to, within the area. */
  coverage(name: string, over: Area): Coverage {
    const heard = this.#heard.get(name) ?? [];
    const gaps = (this.#gapsByType.get(name) ?? []).filter((gap) => touches(gap.area, over));
    return { complete: heard.length > 0 && gaps.length === 0, heard, gaps };
  }

  get(id: string): Fact | undefined {
    return this.#byId.get(id);
  }
  all(): readonly Fact[] {
    return [...this.#byId.values()];
  }
  allGaps(): readonly Gap[] {
    return [...this.#gaps.values()];
  }
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
