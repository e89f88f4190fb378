/** Whether two hosts are two units of a model or two addresses of one, by what they show. */
import type { FactView } from '../../../core/model/fact.ts';
import { netIdentity } from '../../../facts/index.ts';

/** `same` and `distinct` rest on identifiers; without any, nothing tells. */
export type Relation = 'same' | 'distinct' | 'unknown';

type Identifiers = ReadonlyMap<string, ReadonlySet<string>>;

function identifiersOf(facts: FactView, host: string): Identifiers {
  const found = new Map<string, Set<string>>();
  for (const { subject, data } of facts.of(netIdentity)) {
    if (!('host' in subject) || subject.host !== host) continue;
    found.set(data.kind, (found.get(data.kind) ?? new Set()).add(data.fingerprint));
  }
  return found;
}

/** Undefined where one of them shows none of that kind. */
function sharesOne(kind: string, one: Identifiers, other: Identifiers): boolean | undefined {
  const [ours, theirs] = [one.get(kind), other.get(kind)];
  return ours === undefined || theirs === undefined ? undefined : [...ours].some((value) => theirs.has(value));
}

/**
 * One hardware address is one unit. A serial number or UPnP name in common is one unit, too, unless the hardware addresses
 * differ: then it may be a unit with two interfaces or a number that was copied, and nothing is told.
 */
export function relationOf(facts: FactView, one: string, other: string): Relation {
  const [ours, theirs] = [identifiersOf(facts, one), identifiersOf(facts, other)];
  const mac = sharesOne('mac', ours, theirs);
  if (mac === true) return 'same';
  const names = ['serial', 'udn'].map((kind) => sharesOne(kind, ours, theirs)).filter((equal) => equal !== undefined);
  if (names.includes(true)) return mac === false ? 'unknown' : 'same';
  return mac === false || names.includes(false) ? 'distinct' : 'unknown';
}
