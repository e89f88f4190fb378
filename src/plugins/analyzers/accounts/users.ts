/** The accounts of the operating system in an image, from passwd. */
import { type PasswdLine, passwdLine } from '../../../codecs/formats/shadow.ts';
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { accountUser } from '../../../facts/index.ts';
import { isLoginShell } from './account-files.ts';

const MAX_USERS = 5000;

export const accountsUsers: Analyzer = {
  id: 'accounts/users',
  title: 'Accounts of the operating system',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [accountUser],
  wants: (file) =>
    file.type === 'file' && /^\/(etc|usr\/share\/base-passwd)\/passwd$/.test(file.name) && file.root !== undefined,
  observe(file, content, context) {
    const users: (PasswdLine & { readonly line: number })[] = [];
    for (const { number, text } of linesOf(content, {
      cut: (message) => context.gap({ kind: 'over-budget', message }),
    })) {
      const user = passwdLine(text);
      if (user === undefined) continue;
      if (users.length === MAX_USERS) {
        context.gap({ kind: 'over-budget', message: `more than ${MAX_USERS} accounts in one file` });
        break;
      }
      users.push({ ...user, line: number });
    }
    const [names, ids] = [counted(users.map((user) => user.account)), counted(users.map((user) => user.uid))];
    for (const user of users) {
      const { account, uid, gid, shell, line } = user;
      const duplicate = (names.get(account) ?? 0) > 1 || (ids.get(uid) ?? 0) > 1;
      const loginShell = isLoginShell(shell);
      context.emit(
        accountUser,
        { account, uid, gid, shell, loginShell, superuser: uid === 0, duplicate, file: file.name, line },
        { where: `line ${line}` },
      );
    }
  },
};

function counted<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
