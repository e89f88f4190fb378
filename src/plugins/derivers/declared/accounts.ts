/** Whether the accounts of the image that one can log in with are those that the maker declares. */
import type { DataOf, Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import {
  accountAuthorizedKey,
  accountPassword,
  accountUser,
  agreementAccount,
  declaredLogin,
} from '../../../facts/index.ts';

export const declaredAccounts: Deriver = {
  id: 'declared/accounts',
  title: 'Accounts of the image, declared and found',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [accountAuthorizedKey, accountPassword, accountUser, declaredLogin],
  produces: [agreementAccount],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;
    if (!facts.coverage(declaredLogin.name, declaredLogin.over).complete) return Promise.resolve();
    for (const fact of facts.of(accountPassword).filter((one) => opens(context, one))) {
      const { account, database, state } = fact.data;
      compare(
        context,
        fact,
        account,
        'password',
        `${state === 'empty' ? 'an empty' : 'a usable'} password in ${database}`,
      );
    }
    for (const fact of facts.of(accountAuthorizedKey))
      if (fact.data.account !== '') compare(context, fact, fact.data.account, 'key', 'a key that may log in over SSH');
    return Promise.resolve();
  },
};

/** Whether one can log in with a password; of an account whose shell only says no, it opens nothing by itself. */
function opens(context: GatherContext, fact: Fact<DataOf<typeof accountPassword>>): boolean {
  const { account, state, system, shell } = fact.data;
  if (account === '' || (state !== 'usable' && state !== 'empty')) return false;
  return !system || !isShut(shell ?? shellOf(context, account, fact));
}

const isShut = (shell: string | undefined): boolean =>
  shell !== undefined && /\/(?:nologin|false|sync|shutdown|halt)$/.test(shell);

/** The shell in passwd of the same tree, where the password itself stands in shadow. */
function shellOf({ facts }: GatherContext, account: string, password: Fact): string | undefined {
  const rootOf = ({ subject }: Fact): string =>
    subject.kind === 'file' ? subject.path.replace(/\/etc\/[^/]*$/, '') : '';
  return facts.of(accountUser).find((user) => user.data.account === account && rootOf(user) === rootOf(password))?.data
    .shell;
}

function compare(
  { facts, emit }: GatherContext,
  found: Fact,
  account: string,
  topic: 'password' | 'key',
  observed: string,
): void {
  const said = facts.of(declaredLogin).filter((fact) => fact.data.account === account);
  const login = said.find((fact) => fact.data.login);
  const declared =
    login !== undefined ? `${account} may log in` : said.length > 0 ? `${account} has no login` : 'not declared';
  emit(
    agreementAccount,
    {
      topic,
      agrees: login !== undefined,
      declared,
      observed: `${account}: ${observed}`,
    },
    { subject: found.subject, derivedFrom: [...said, found] },
  );
}
