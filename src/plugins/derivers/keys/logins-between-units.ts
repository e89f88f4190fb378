/** Compares the default logins that several units of a model take: what two of them take, every unit takes. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import { loginDefault, loginShared, netIdentity, sshHostKey, tlsCertificate } from '../../../facts/index.ts';
import { alike, doubtOf, hostsOf, keysShownBy, relationsBy, type Shown } from './units.ts';

export const keysLoginsBetweenUnits: Deriver = {
  id: 'keys/logins-between-units',
  title: 'Logins that two units of a model take',
  method: 'TEST',
  intrusion: 'passive',
  consumes: [loginDefault, tlsCertificate, sshHostKey, netIdentity],
  produces: [loginShared],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit, gap }) {
    const shown: Shown[] = facts.of(loginDefault).flatMap((fact) => {
      const { accepted, protocol, account, password } = fact.data;
      if (!accepted || !('host' in fact.subject)) return [];
      const value = `${protocol} ${account ?? ''}:${password ?? ''}`;
      return [{ what: 'password', value, host: fact.subject.host, fact }];
    });
    const relation = relationsBy(keysShownBy(facts), facts);
    // A known default login that differs proves nothing about others: that units share none is never told.
    for (const { value, same, units } of alike(shown, relation)) {
      if (units.length > 1) {
        emit(loginShared, { shared: true, value, hosts: units }, { derivedFrom: same.map((one) => one.fact) });
        continue;
      }
      gap({ kind: 'not-given', flag: '--device', message: doubtOf('password', hostsOf(same), relation) });
    }
    return Promise.resolve();
  },
};
