/** Compares keys, certificates and logins of several units of a model: what two of them share is the same in every unit. */
import type { DataOf, Fact, FactView } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { keyShared, loginDefault, sshHostKey, tlsCertificate } from '../../../facts/index.ts';

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
  consumes: [tlsCertificate, sshHostKey, loginDefault],
  produces: [keyShared],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const shown = shownBy(context.facts);
    for (const what of ['tls-key', 'tls-certificate', 'ssh-host-key', 'password'] as const)
      compare(
        what,
        shown.filter((one) => one.what === what),
        context,
      );
    return Promise.resolve();
  },
};

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

function compare(what: What, shown: readonly Shown[], context: GatherContext): void {
  const byValue = new Map<string, Shown[]>();
  for (const one of shown) byValue.set(one.value, [...(byValue.get(one.value) ?? []), one]);
  const hosts = new Set(shown.map((one) => one.host));
  let shared = false;
  for (const [value, same] of byValue) {
    const owners = [...new Set(same.map((one) => one.host))];
    if (owners.length < 2) continue;
    shared = true;
    const derivedFrom = same.map((one) => one.fact);
    context.emit(keyShared, { what, shared: true, value, hosts: owners.sort(byName) }, { derivedFrom });
  }
  // That units differ rests on having seen all of both; a known default login that differs proves nothing about others.
  if (shared || hosts.size < 2 || what === 'password' || !seenInFull(what, context.facts)) return;
  const value = `${byValue.size} different on ${hosts.size} units`;
  const derivedFrom = shown.map((one) => one.fact);
  context.emit(keyShared, { what, shared: false, value, hosts: [...hosts].sort(byName) }, { derivedFrom });
}

const seenInFull = (what: What, facts: FactView): boolean =>
  facts.coverage(what === 'ssh-host-key' ? sshHostKey.name : tlsCertificate.name, 'endpoint').complete;
const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
