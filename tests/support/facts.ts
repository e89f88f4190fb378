/** A FactView from arrays: facts by type, coverage complete but for given gaps and unheard types. */
import type { Fact, FactView, Gap } from '../../src/core/model/fact.ts';
import { type Area, type Subject, touches } from '../../src/core/model/target.ts';

let count = 0;

export const endpoint = (port: number, host = '192.0.2.1'): Subject => ({
  kind: 'endpoint',
  host,
  port,
  transport: 'tcp',
});

export function aFact(type: string, data: unknown, subject: Subject = { kind: 'target' }): Fact {
  count += 1;
  const common = {
    method: 'TEST',
    source: 'test',
    observedAt: '2026-01-01T00:00:00Z',
    evidence: [],
    derivedFrom: [],
  } as const;
  return { id: `${type}-${count}`, type, subject, data, ...common };
}

export const aGap = (facts: readonly string[], scope: Subject = { kind: 'target' }, area: Area = 'target'): Gap => ({
  source: 'test',
  scope,
  area,
  facts,
  unseen: { kind: 'timeout', message: 'no answer' },
});

export function aView(facts: readonly Fact[], gaps: readonly Gap[] = [], unheard: readonly string[] = []): FactView {
  const byType = group(facts);
  return {
    of: <T>(type: { readonly name: string }) => (byType.get(type.name) ?? []) as readonly Fact<T>[],
    named: (name) => byType.get(name) ?? [],
    coverage(name, over) {
      const open = gaps.filter((gap) => gap.facts.includes(name) && touches(gap.area, over));
      return { complete: open.length === 0 && !unheard.includes(name), heard: [], gaps: open };
    },
  };
}

function group(facts: readonly Fact[]): Map<string, Fact[]> {
  const groups = new Map<string, Fact[]>();
  for (const fact of facts) {
    const list = groups.get(fact.type) ?? [];
    list.push(fact);
    groups.set(fact.type, list);
  }
  return groups;
}
