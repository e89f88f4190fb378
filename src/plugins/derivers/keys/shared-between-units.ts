/** Compares keys and certificates of several units of a model: what two of them share is the same in every unit. */
import type { FactView } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { keyShared, netIdentity, sshHostKey, tlsCertificate } from '../../../facts/index.ts';
import { alike, doubtOf, hostsOf, keysShownBy, type Relations, relationsBy, type ShownKey } from './units.ts';

type What = ShownKey['what'];

export const keysSharedBetweenUnits: Deriver = {
  id: 'keys/shared-between-units',
  title: 'Keys that two units of a model share',
  method: 'TEST',
  intrusion: 'passive',
  consumes: [tlsCertificate, sshHostKey, netIdentity],
  produces: [keyShared],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const shown = keysShownBy(context.facts);
    const relation = relationsBy(shown, context.facts);
    for (const what of ['tls-key', 'tls-certificate', 'ssh-host-key'] as const)
      compare(
        what,
        shown.filter((one) => one.what === what),
        relation,
        context,
      );
    return Promise.resolve();
  },
};

function compare(what: What, shown: readonly ShownKey[], relation: Relations, context: GatherContext): void {
  const hosts = hostsOf(shown);
  const common = alike(shown, relation);
  for (const { value, same, units } of common) {
    const derivedFrom = same.map((one) => one.fact);
    if (units.length > 1) context.emit(keyShared, { what, shared: true, value, hosts: units }, { derivedFrom });
    else tellDoubt(what, hostsOf(same), relation, context);
  }
  // That units differ rests on having seen all of both.
  if (common.length > 0 || hosts.length < 2 || !seenInFull(what, context.facts)) return;
  // One unit that shows two keys at two addresses is no two units.
  if (!hosts.every((host) => hosts.every((other) => host === other || relation(host, other) === 'distinct'))) {
    tellDoubt(what, hosts, relation, context);
    return;
  }
  const value = `${new Set(shown.map((one) => one.value)).size} different on ${hosts.length} units`;
  const derivedFrom = shown.map((one) => one.fact);
  context.emit(keyShared, { what, shared: false, value, hosts }, { derivedFrom });
}

function tellDoubt(what: What, hosts: readonly string[], relation: Relations, context: GatherContext): void {
  const message = doubtOf(what, hosts, relation);
  context.gap({ kind: 'not-given', flag: '--device', message }, { facts: [keyShared] });
}

const seenInFull = (what: What, facts: FactView): boolean =>
  facts.coverage(what === 'ssh-host-key' ? sshHostKey.name : tlsCertificate.name, 'endpoint').complete;
