/** Whether the default accounts that the device took are among those that the maker declares. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import { agreementTakenLogin, declaredLogin, loginDefault } from '../../../facts/index.ts';

export const declaredTakenLogins: Deriver = {
  id: 'declared/taken-logins',
  title: 'Accounts that the device took, declared and seen',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredLogin, loginDefault],
  produces: [agreementTakenLogin],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit }) {
    if (!facts.coverage(declaredLogin.name, declaredLogin.over).complete) return Promise.resolve();
    for (const found of facts.of(loginDefault)) {
      const { accepted, account } = found.data;
      if (!accepted || account === undefined || account === '') continue;
      const said = facts.of(declaredLogin).filter((fact) => fact.data.account === account);
      const agrees = said.some((fact) => fact.data.login);
      const absent = said.length > 0 ? `${account} has no login` : 'not declared';
      emit(
        agreementTakenLogin,
        {
          topic: 'account',
          agrees,
          declared: agrees ? `${account} may log in` : absent,
          observed: `${account} logs in`,
        },
        { subject: found.subject, derivedFrom: [...said, found] },
      );
    }
    return Promise.resolve();
  },
};
