/** Whether two hosts are two units of a model or two addresses of one, by what they show. */
import type { Fact, FactView } from '../../../core/model/fact.ts';
import { netIdentity, sshHostKey, tlsCertificate } from '../../../facts/index.ts';

/** `same` and `distinct` rest on identifiers; without any, nothing tells. */
export type Relation = 'same' | 'distinct' | 'unknown';

/** One thing that a unit shows: `value` is what must differ between units. */
export interface Shown<What extends string = string> {
  readonly what: What;
  readonly value: string;
  readonly host: string;
  readonly fact: Fact;
}
export type ShownKey = Shown<'tls-key' | 'tls-certificate' | 'ssh-host-key'>;

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

export function keysShownBy(facts: FactView): readonly ShownKey[] {
  const shown: ShownKey[] = [];
  const note = (fact: Fact, what: ShownKey['what'], value: string): void => {
    if ('host' in fact.subject) shown.push({ what, value, host: fact.subject.host, fact });
  };
  for (const fact of facts.of(tlsCertificate)) {
    // Units of a model have their issuers in common: only what they prove themselves with must differ.
    if (fact.data.position !== 'leaf') continue;
    note(fact, 'tls-key', fact.data.spki);
    note(fact, 'tls-certificate', fact.data.sha256);
  }
  for (const fact of facts.of(sshHostKey)) note(fact, 'ssh-host-key', fact.data.spki ?? fact.data.fingerprint);
  return shown;
}

export type Relations = (one: string, other: string) => Relation;

/** Hosts whose keys of one kind have nothing in common are two units, whatever else they share. */
export function relationsBy(shown: readonly ShownKey[], facts: FactView): Relations {
  return (one, other) => {
    const known = relationOf(facts, one, other);
    if (known !== 'unknown') return known;
    const apart = (['tls-key', 'ssh-host-key'] as const).some((what) => {
      const [ours, theirs] = [one, other].map(
        (host) => new Set(shown.filter((it) => it.host === host && it.what === what).map(({ value }) => value)),
      );
      if (ours === undefined || theirs === undefined || ours.size === 0 || theirs.size === 0) return false;
      return ![...ours].some((value) => theirs.has(value));
    });
    return apart ? 'distinct' : 'unknown';
  };
}

const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
export const hostsOf = (shown: readonly Shown[]): readonly string[] =>
  [...new Set(shown.map(({ host }) => host))].sort(byName);

/** What two hosts or more show alike, and which of these hosts are known to be units apart. */
export function alike(
  shown: readonly Shown[],
  relation: Relations,
): readonly { readonly value: string; readonly same: readonly Shown[]; readonly units: readonly string[] }[] {
  const byValue = new Map<string, Shown[]>();
  for (const one of shown) byValue.set(one.value, [...(byValue.get(one.value) ?? []), one]);
  return [...byValue]
    .filter(([, same]) => hostsOf(same).length > 1)
    .map(([value, same]) => {
      const owners = hostsOf(same);
      const units = owners.filter((host) => owners.some((other) => relation(host, other) === 'distinct'));
      return { value, same, units };
    });
}

/** Why what hosts show alike says nothing: two addresses of one unit share everything, and that is no fault. */
export function doubtOf(what: string, hosts: readonly string[], relation: Relations): string {
  const [first = '', second = ''] = hosts;
  const names = hosts.join(' and ');
  const why =
    relation(first, second) === 'same'
      ? `${names} are addresses of one unit, by its hardware address, serial number or UPnP name`
      : `nothing that was seen tells whether ${names} are two units or two addresses of one (hardware address on this link, serial number, UPnP name, another key)`;
  return `the ${what} could not be compared: ${why}`;
}
