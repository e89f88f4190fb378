/** Which facts feed on which: what a gap in one leaves open further down. */
import type { FactType, Gap } from '../model/fact.ts';
import { type Area, touches } from '../model/target.ts';

/** The part of a gatherer that ordering and closing look at. */
export interface Feeding {
  readonly id: string;
  readonly consumes: readonly FactType[];
  readonly produces: readonly FactType[];
}

export interface Relations {
  /** The area that a fact type lies in by its definition. */
  areaOf(name: string): Area | undefined;
  /** Fact types that some gatherer works out from this one. */
  fedBy(name: string): readonly string[];
}

export function relationsOf(gatherers: readonly Feeding[]): Relations {
  const areas = new Map<string, Area>();
  const feeds = new Map<string, Set<string>>();
  for (const { consumes, produces } of gatherers) {
    for (const type of [...consumes, ...produces]) areas.set(type.name, type.over);
    for (const { name } of consumes) {
      const fed = feeds.get(name) ?? new Set();
      for (const type of produces) fed.add(type.name);
      feeds.set(name, fed);
    }
  }
  const lists = new Map([...feeds].map(([name, fed]) => [name, [...fed].sort()]));
  return { areaOf: (name) => areas.get(name), fedBy: (name) => lists.get(name) ?? [] };
}

/**
 * A gap with everything that it leaves open further down. It goes down only through facts that it touches (a gap in an
 * image's unknown bytes does not leave the accounts of a root file system open, nor what is worked out from them). What lies
 * in an area that the gap does not touch becomes a gap of its own there.
 */
export function closeGap(gap: Gap, relations: Relations): readonly Gap[] {
  const open = new Map<Area, Set<string>>([[gap.area, new Set(gap.facts)]]);
  const queue = gap.facts.map((name) => ({ name, area: gap.area }));
  for (let step = queue.pop(); step !== undefined; step = queue.pop()) {
    for (const next of below(step, relations)) {
      const known = open.get(next.area) ?? new Set();
      if (known.has(next.name)) continue;
      open.set(next.area, known.add(next.name));
      queue.push(next);
    }
  }
  return [...open].map(([area, facts]) => ({ ...gap, area, facts: [...facts].sort() }));
}

const NETWORK: readonly Area[] = ['endpoint', 'tcp', 'udp'];
/** Whether a gap in an area concerns facts of another: where it touches, and everywhere on the network (a fact type may tell of both transports). */
export const meets = (gap: Area, own: Area): boolean =>
  touches(gap, own) || (NETWORK.includes(gap) && NETWORK.includes(own));

interface Opened {
  readonly name: string;
  readonly area: Area;
}

/** What an open fact type leaves open one level further down. */
function below({ name, area }: Opened, relations: Relations): readonly Opened[] {
  const own = relations.areaOf(name);
  if (own !== undefined && !meets(area, own)) return [];
  return relations.fedBy(name).map((fed) => {
    const over = relations.areaOf(fed) ?? area;
    return { name: fed, area: meets(area, over) ? area : over };
  });
}
