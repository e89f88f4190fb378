/** Whether the places where the device asks for credentials are those that the maker declares. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { agreementLogin, declaredLogin, loginSurface } from '../../../facts/index.ts';

export const declaredLogins: Deriver = {
  id: 'declared/logins',
  title: 'Login surfaces, declared and seen',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredLogin, loginSurface],
  produces: [agreementLogin],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;
    if (!facts.coverage(declaredLogin.name, declaredLogin.over).complete) return Promise.resolve();
    for (const fact of facts.of(loginSurface)) compareSurface(context, fact, fact.data.protocol.replace(/-.*$/, ''));
    return Promise.resolve();
  },
};

function compareSurface({ facts, emit }: GatherContext, found: Fact, protocol: string): void {
  const able = facts.of(declaredLogin).filter((fact) => fact.data.login);
  const said = able.filter((fact) => fact.data.through.includes(protocol));
  // An account that does not say through what one logs in may mean this one.
  if (said.length === 0 && able.some((fact) => fact.data.through.length === 0)) return;
  emit(
    agreementLogin,
    {
      topic: 'surface',
      agrees: said.length > 0,
      declared: said.length > 0 ? `logins through ${protocol}` : `no login through ${protocol}`,
      observed: `${protocol} asks for credentials`,
    },
    { subject: found.subject, derivedFrom: [...said, found] },
  );
}
