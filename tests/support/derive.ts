/** Runs one deriver over known facts: what it emitted and what it left open. */
import type { Fact, FactView } from '../../src/core/model/fact.ts';
import type { Deriver, Settings } from '../../src/core/model/gatherer.ts';
import { aFact, SETTINGS, viewOf } from './probe.ts';

export interface Derived {
  /** `topic agrees declared | observed`, or the data as JSON where it is no agreement. */
  readonly told: readonly string[];
  readonly facts: readonly Fact[];
  readonly gaps: readonly string[];
}

/** `unheard` are fact types of which nobody saw everything. */
export async function derive(
  deriver: Deriver,
  known: readonly Fact[],
  unheard: readonly string[] = [],
  settings: Partial<Settings> = {},
): Promise<Derived> {
  const made: Fact[] = [];
  const gaps: string[] = [];
  const facts: FactView = {
    ...viewOf(known),
    coverage: (name) => ({ complete: !unheard.includes(name), heard: [], gaps: [] }),
  };
  await deriver.observe(
    { kind: 'target' },
    {
      facts,
      settings: { ...SETTINGS, ...settings },
      signal: new AbortController().signal,
      knowledge: () => ({}),
      emit: (type, data, grounds) => {
        const fact = aFact(type, grounds?.subject ?? { kind: 'target' }, data);
        made.push(fact);
        return fact;
      },
      progress: () => {},
      gap: ({ message }) => gaps.push(message),
      keep: () => ({ sha256: '', mediaType: '', size: 0 }),
    },
  );
  const told = made.map(({ data }) => {
    const { topic, agrees, declared, observed } = data as { readonly [key: string]: unknown };
    return topic === undefined ? JSON.stringify(data) : `${topic} ${agrees} ${declared} | ${observed}`;
  });
  return { told, facts: made, gaps };
}
