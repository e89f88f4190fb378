/** Takes the passwords out of an account file, each with its line. */
import {
  gshadowLine,
  htdigestLine,
  htpasswdLine,
  type PasswordField,
  passwdLine,
  passwordField,
  pppLine,
  sambaField,
  shadowLine,
  smbpasswdLine,
} from '../../../codecs/formats/shadow.ts';
import { isTdb, sambaAccounts } from '../../../codecs/formats/tdb-accounts.ts';
import { linesOf, looksLikeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Blob } from '../../../lib/blob.ts';
import { baseOf, type Database, PURE_FTPD } from './account-files.ts';

export interface StoredPassword {
  readonly account: string;
  readonly database: Database | 'config' | 'other';
  /** Of an account of the operating system though it stands in no database of it. */
  readonly system?: boolean;
  readonly file: FileEntry;
  /** 0 in a database without lines, where `offset` says the place. */
  readonly line: number;
  readonly offset?: number;
  readonly value: PasswordField;
  readonly uid?: number;
  readonly shell?: string;
  readonly forcedChange: boolean;
}

type Found = Pick<StoredPassword, 'account' | 'value'> &
  Partial<Pick<StoredPassword, 'uid' | 'shell' | 'forcedChange'>>;

/** At most `limit` of them; `cut` says what was left out, `odd` is the first line that is none. */
export function storedIn(
  file: FileEntry,
  database: Database,
  content: Blob,
  limit: number,
): { readonly found: readonly StoredPassword[]; readonly cut: string | undefined; readonly odd: number | undefined } {
  const found: StoredPassword[] = [];
  if (database === 'samba' && isTdb(content.read(0, 16))) return inTdb(file, content, limit);
  let odd: number | undefined;
  let cut: string | undefined;
  if (!looksLikeText(content)) return { found, cut, odd };
  const read = readerOf(file, database);
  const told = (why: string): void => {
    cut = why;
  };
  for (const { number, text } of linesOf(content, { bytes: 16 << 20, lines: 1_000_000, width: 1024, cut: told })) {
    const one = read(text);
    if (one === undefined) {
      odd ??= isNoAccount(text) ? undefined : number;
      continue;
    }
    if (found.length >= limit) return { found, cut: 'more passwords in one image than are judged', odd };
    found.push({ forcedChange: false, ...one, database, file, line: number });
  }
  return { found, cut, odd };
}

/** Of a line of Pure-FTPd the first two fields are those of htpasswd. */
function readerOf({ name }: FileEntry, database: Database): (line: string) => Found | undefined {
  const read = READERS[database];
  return PURE_FTPD.test(baseOf(name)) ? (text) => read(text.split(':', 2).join(':')) : read;
}

const MAX_TDB = 16 << 20;

/** Samba's own database; `malformed` where an account of it cannot be read. */
function inTdb(file: FileEntry, content: Blob, limit: number): ReturnType<typeof storedIn> {
  const accounts = sambaAccounts(content.read(0, MAX_TDB), limit + 1);
  const found = accounts.slice(0, limit).map(({ account, lm, nt, disabled, passwordless, offset }) => {
    const value = sambaField({ lm, nt, disabled, passwordless });
    return { account, value, database: 'samba', file, line: 0, offset, forcedChange: false } as const;
  });
  const rest = content.size > MAX_TDB ? `only the first ${MAX_TDB >> 20} MiB were read` : undefined;
  return { found, cut: accounts.length > limit ? 'more passwords in one image than are judged' : rest, odd: undefined };
}

/** Comments, and entries of NIS, are no accounts of this machine. */
const isNoAccount = (text: string): boolean => /^\s*([#+-]|$)/.test(text);

const READERS: { readonly [database in Database]: (line: string) => Found | undefined } = {
  passwd(text) {
    const line = passwdLine(text);
    if (line === undefined) return undefined;
    const { account, field, uid, shell } = line;
    return { account, value: passwordField(field, 'passwd'), uid, shell };
  },
  shadow(text) {
    const line = shadowLine(text);
    if (line === undefined) return undefined;
    const value = passwordField(line.field, 'shadow');
    return { account: line.account, value, forcedChange: line.lastChange === 0 && value.state === 'usable' };
  },
  gshadow(text) {
    const line = gshadowLine(text);
    // A group without a password is as it should be.
    if (line === undefined || line.field === '') return undefined;
    const value = passwordField(line.field, 'shadow');
    return value.state === 'locked' ? undefined : { account: line.account, value };
  },
  htpasswd: (text) => named(htpasswdLine(text, false)),
  mosquitto: (text) => named(htpasswdLine(text, false)),
  htdigest: (text) => named(htdigestLine(text)),
  lighttpd: (text) => named(htdigestLine(text) ?? htpasswdLine(text, true)),
  samba: (text) => named(smbpasswdLine(text)),
  ppp: (text) => named(pppLine(text)),
};

function named(line: (PasswordField & { readonly account: string }) | undefined): Found | undefined {
  if (line === undefined) return undefined;
  const { account, ...value } = line;
  return { account, value };
}
