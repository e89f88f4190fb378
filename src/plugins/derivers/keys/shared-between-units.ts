/** Compares keys, certificates and logins of several units of a model: what two of them share is the same in every unit. */
import type { DataOf, Fact, FactView } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { keyShared, loginDefault, netIdentity, sshHostKey, tlsCertificate } from '../../../facts/index.ts';
import { type Relation, relationOf } from './units.ts';

type What = DataOf<typeof keyShared>['what'];

/** One thing that a unit shows: `value` is what must differ between units. */
interface Shown {
  readonly what: What;
  readonly value: string;
  readonly host: string;
  readonly fact: Fact;
}

export const keysSharedBetweenUnits: Deriver = {
  id: 'keys/shared-between-units',
  title: 'Keys and logins that two units of a model share',
  method: 'TEST',
  intrusion: 'passive',
  consumes: [tlsCertificate, sshHostKey, loginDefault, netIdentity],
  produces: [keyShared],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const shown = shownBy(context.facts);
    const relation = relations(shown, context.facts);
    for (const what of ['tls-key', 'tls-certificate', 'ssh-host-key', 'password'] as const)
      compare(
        what,
        shown.filter((one) => one.what === what),
        relation,
        context,
      );
    return Promise.resolve();
  },
};

type Relations = (one: string, other: string) => Relation;

/** Hosts whose keys of one kind have nothing in common are two units, whatever else they share. */
function relations(shown: readonly Shown[], facts: FactView): Relations {
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

function shownBy(facts: FactView): readonly Shown[] {
  const shown: Shown[] = [];
  const note = (fact: Fact, what: What, value: string): void => {
    if ('host' in fact.subject) shown.push({ what, value, host: fact.subject.host, fact });
  };
  for (const fact of facts.of(tlsCertificate)) {
    // Units of a model have their issuers in common: only what they prove themselves with must differ.
    if (fact.data.position !== 'leaf') continue;
    note(fact, 'tls-key', fact.data.spki);
    note(fact, 'tls-certificate', fact.data.sha256);
  }
  for (const fact of facts.of(sshHostKey)) note(fact, 'ssh-host-key', fact.data.spki ?? fact.data.fingerprint);
  for (const fact of facts.of(loginDefault)) {
    const { accepted, protocol, account, password } = fact.data;
    if (accepted) note(fact, 'password', `${protocol} ${account ?? ''}:${password ?? ''}`);
  }
  return shown;
}

function compare(what: What, shown: readonly Shown[], relation: Relations, context: GatherContext): void {
  const byValue = new Map<string, Shown[]>();
  for (const one of shown) byValue.set(one.value, [...(byValue.get(one.value) ?? []), one]);
  const hosts = [...new Set(shown.map((one) => one.host))].sort(byName);
  let shared = false;
  for (const [value, same] of byValue) {
    const owners = [...new Set(same.map((one) => one.host))].sort(byName);
    if (owners.length < 2) continue;
    shared = true;
    const units = owners.filter((host) => owners.some((other) => relation(host, other) === 'distinct'));
    const derivedFrom = same.map((one) => one.fact);
    if (units.length > 1) context.emit(keyShared, { what, shared: true, value, hosts: units }, { derivedFrom });
    else tellDoubt(what, owners, relation, context);
  }
  // That units differ rests on having seen all of both; a known default login that differs proves nothing about others.
  if (shared || hosts.length < 2 || what === 'password' || !seenInFull(what, context.facts)) return;
  // One unit that shows two keys at two addresses is no two units.
  if (!hosts.every((host) => hosts.every((other) => host === other || relation(host, other) === 'distinct'))) {
    tellDoubt(what, hosts, relation, context);
    return;
  }
  const value = `${byValue.size} different on ${hosts.length} units`;
  const derivedFrom = shown.map((one) => one.fact);
  context.emit(keyShared, { what, shared: false, value, hosts }, { derivedFrom });
}

/** Two addresses of one unit share everything, and that is no fault. */
function tellDoubt(what: What, hosts: readonly string[], relation: Relations, context: GatherContext): void {
  const [first = '', second = ''] = hosts;
  const names = hosts.join(' and ');
  const why =
    relation(first, second) === 'same'
      ? `${names} are addresses of one unit, by its hardware address, serial number or UPnP name`
      : `nothing that was seen tells whether ${names} are two units or two addresses of one (hardware address on this link, serial number, UPnP name, another key)`;
  context.gap(
    { kind: 'not-given', flag: '--device', message: `the ${what} could not be compared: ${why}` },
    { facts: [keyShared] },
  );
}

const seenInFull = (what: What, facts: FactView): boolean =>
  facts.coverage(what === 'ssh-host-key' ? sshHostKey.name : tlsCertificate.name, 'endpoint').complete;
const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
