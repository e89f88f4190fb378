/** Passwords that an image stores: in what state, by which scheme, whether the account can be logged in to, and whether our list opens them. */
import { createHash } from 'node:crypto';
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { accountFirstBoot, accountPassword, bootConsole, serviceStart } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { baseOf, databaseOf, isEffective, isLoginShell } from './account-files.ts';
import { type Cracked, crackAll, keyOf } from './crack.ts';
import { type Door, type Doors, doorsOf } from './doors.ts';
import { type StoredPassword, storedIn } from './stored.ts';
import { MOST_WRITTEN, mayPreset, writtenIn } from './written.ts';

const MAX_STORED = 5000;
const MAX_SCRIPT = 1 << 20;
const MAX_MENTIONS = 20_000;

interface Held {
  readonly stored: StoredPassword[];
  /** Lines of boot scripts that name an account file: copies that become the system's own. */
  readonly mentions: string[];
}
const held = new WeakMap<FileTree, Held>();

const BOOT_SCRIPTS =
  /^\/(etc\/(init\.d|rc\d?\.d|rcS\.d|init0\.d|preinit)\/|etc\/(rc|rcS|rc\.local|rc\.sysinit|preinit|inittab|profile)$|init$)/;

export const accountsPasswords: Analyzer = {
  id: 'accounts/passwords',
  title: 'Passwords stored in the image',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [serviceStart, bootConsole, accountFirstBoot],
  produces: [accountPassword],
  wants: (file) => databaseOf(file) !== undefined || isBootScript(file) || mayPreset(file) || mayBeScript(file),
  observe(file, content, context) {
    const state = held.get(context.tree) ?? { stored: [], mentions: [] };
    held.set(context.tree, state);
    const database = databaseOf(file);
    if (database === undefined) {
      readText(file, content, state, context);
      return;
    }
    const room = MAX_STORED - state.stored.length;
    const { found, cut, odd } = storedIn(file, database, content, room);
    state.stored.push(...found);
    if (cut !== undefined) context.gap({ kind: 'over-budget', message: cut });
    if (odd !== undefined && isEffective(file))
      context.gap({
        kind: 'malformed',
        message: `line ${odd} is no account as ${database}(5) has them: it was not judged`,
      });
  },
  async finish(context) {
    const state = held.get(context.tree) ?? { stored: [], mentions: [] };
    held.delete(context.tree);
    for (const root of context.tree.roots) tellAbsent(root, context);
    if (state.stored.length === 0) return;
    const words = wordsOf(context.knowledge('common-passwords'));
    const host = hostName(context);
    const hashes = state.stored.flatMap(({ value, account }) =>
      value.hash === undefined ? [] : [{ hash: value.hash, hints: hintsOf(account, host) }],
    );
    const cracked = await crackAll(hashes, words, context);
    const judge = new Judge(state, new Set(words), cracked, context);
    for (const stored of state.stored) judge.emit(emptied(stored, cracked));
    for (const root of context.tree.roots) tellElsewhere(root, state.stored, context);
  },
};

/** Without its passwd nobody knows who may log in; Android has its accounts within its programs. */
function tellAbsent(root: RootFileSystem, context: AnalyzerContext): void {
  const { tree } = context;
  if (tree.resolve(root, '/etc/passwd')?.type === 'file' || tree.resolve(root, '/system/build.prop') !== undefined)
    return;
  const link = tree.list(root, '/etc').find(({ name, type }) => name === '/etc/passwd' && type === 'symlink');
  const message =
    link === undefined
      ? 'there is no /etc/passwd: which accounts there are is not known'
      : `/etc/passwd leads to ${link.target ?? 'elsewhere'}, which no file system that was given holds: who may log in is not known`;
  const scope = { kind: 'file', path: root.path } as const;
  context.gap({ kind: 'not-given', flag: '--firmware', message }, { scope, area: 'root-file-system' });
}

/** A hash of nothing is no password. */
function emptied(stored: StoredPassword, cracked: ReadonlyMap<string, Cracked>): StoredPassword {
  const { value } = stored;
  if (value.hash === undefined || value.state !== 'usable' || cracked.get(keyOf(value.hash))?.word !== '')
    return stored;
  return { ...stored, value: { state: 'empty', scheme: value.scheme } };
}

/** passwd points to a shadow file that the image does not hold: something else brings it, and with it the passwords. */
function tellElsewhere(root: RootFileSystem, stored: readonly StoredPassword[], context: AnalyzerContext): void {
  if (context.tree.resolve(root, '/etc/shadow') !== undefined) return;
  const open = stored.find(
    ({ file, value, shell }) =>
      file.root === root.path && file.name === '/etc/passwd' && value.state === 'none' && isLoginShell(shell ?? ''),
  );
  if (open === undefined) return;
  const message = `the password of ${open.account} stands in a shadow file that no file system that was given holds`;
  const scope = { kind: 'file', path: open.file.path } as const;
  context.gap({ kind: 'not-given', flag: '--firmware', message }, { scope, area: 'root-file-system' });
}

const isBootScript = (file: FileEntry): boolean =>
  file.type === 'file' && file.root !== undefined && BOOT_SCRIPTS.test(file.name);

/** Scripts, which may set a password, are told by their first line. */
const mayBeScript = (file: FileEntry): boolean =>
  file.type === 'file' &&
  file.root !== undefined &&
  file.size > 20 &&
  /^\/(etc|s?bin|usr\/s?bin|usr\/local|opt|home|root|system|mnt|lib\/(preinit|functions))\//.test(file.name);

function readText(file: FileEntry, content: Blob, state: Held, context: AnalyzerContext): void {
  const start = content.read(0, 2);
  const script = isBootScript(file) || (start[0] === 0x23 && start[1] === 0x21);
  if (!script && !mayPreset(file)) return;
  const text = wholeText(content, MAX_SCRIPT);
  if (text === undefined) return;
  const mentions = isBootScript(file) ? mentionsIn(text) : [];
  if (state.mentions.length + mentions.length > MAX_MENTIONS)
    throw new FaultError('over-budget', 'more lines name an account file than are judged');
  state.mentions.push(...mentions);
  const written = writtenIn(text, file, context.tree, script);
  if (written.length === MOST_WRITTEN)
    context.gap({ kind: 'over-budget', message: `only the first ${MOST_WRITTEN} passwords of the file were judged` });
  if (state.stored.length + written.length > MAX_STORED)
    throw new FaultError('over-budget', 'more passwords in one image than are judged');
  state.stored.push(...written);
}

const mentionsIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /passwd|shadow/.test(line) && !line.trimStart().startsWith('#'))
    .map((line) => line.slice(0, 4096));

const isSureToRun = (file: FileEntry): boolean =>
  /^\/etc\/(rc\.local|rcS|rc|rc\.sysinit|preinit|init\.d\/(rcS|S\d\d[^/]*)|rc\.d\/S\d\d[^/]*)$/.test(file.name);

function wordsOf(table: unknown): readonly string[] {
  const { passwords } = table as { readonly passwords: readonly unknown[] };
  return passwords.map(String);
}

/** The device's own name, of which defaults are often made. */
function hostName(context: AnalyzerContext): string {
  for (const root of context.tree.roots) {
    const entry = context.tree.resolve(root, '/etc/hostname');
    if (entry?.type !== 'file') continue;
    const text = Buffer.from(context.tree.content(entry).read(0, 64)).toString('latin1').trim();
    if (/^[\w.-]{2,32}$/.test(text)) return text;
  }
  return '';
}

function hintsOf(account: string, host: string): readonly string[] {
  const names = [account, host].filter((name) => name !== '' && name.length <= 32);
  return names.flatMap((name) => {
    const capital = name.slice(0, 1).toUpperCase() + name.slice(1);
    return [name, capital, ...['1', '12', '123', '1234', '@123', '!'].flatMap((end) => [name + end, capital + end])];
  });
}

class Judge {
  readonly #state: Held;
  readonly #list: ReadonlySet<string>;
  readonly #cracked: ReadonlyMap<string, Cracked>;
  readonly #context: AnalyzerContext;
  readonly #doors = new Map<string, Doors>();

  constructor(state: Held, list: ReadonlySet<string>, cracked: ReadonlyMap<string, Cracked>, context: AnalyzerContext) {
    this.#state = state;
    this.#list = list;
    this.#cracked = cracked;
    this.#context = context;
  }

  emit(stored: StoredPassword): void {
    const { account, database, file, line, value, forcedChange } = stored;
    const user = this.#userOf(stored);
    this.#context.emit(
      accountPassword,
      {
        account,
        database,
        file: file.name,
        line,
        state: value.state,
        scheme: value.scheme,
        system: stored.system ?? (database === 'passwd' || database === 'shadow'),
        ...(user?.uid === undefined ? {} : { uid: user.uid }),
        ...(user?.shell === undefined ? {} : { shell: user.shell }),
        canLogIn: this.#canLogIn(stored, user?.shell),
        inForce: this.#inForce(stored, user?.shell),
        forcedChange,
        replacedAtFirstBoot: this.#replaced(stored),
        ...this.#crack(stored),
      },
      {
        subject: { kind: 'file', path: file.path },
        where: stored.offset === undefined ? `line ${line}` : `offset 0x${stored.offset.toString(16)}`,
      },
    );
  }

  /** uid and shell stand in passwd; shadow has neither. */
  #userOf(stored: StoredPassword): { readonly uid?: number; readonly shell?: string } | undefined {
    if (stored.uid !== undefined) return stored;
    if (stored.database !== 'shadow' && stored.database !== 'other') return undefined;
    const isUser = (other: StoredPassword): boolean =>
      other.database === 'passwd' && other.account === stored.account && other.file.container === stored.file.container;
    const users = this.#state.stored.filter(isUser);
    return users.find(({ file }) => this.#isEffective(file)) ?? users[0];
  }

  #inForce({ file, database }: StoredPassword, shell: string | undefined): Door {
    if (database !== 'passwd' && database !== 'shadow') return 'unknown';
    if (shell !== undefined && !isLoginShell(shell)) return 'no';
    return shell !== undefined && (this.#isEffective(file) || this.#isPutInPlace(file)) ? 'yes' : 'unknown';
  }

  /** By its name, or by the link of that name that leads to it. */
  #isEffective(file: FileEntry): boolean {
    if (isEffective(file)) return true;
    const root = this.#context.tree.roots.find(({ path }) => path === file.root);
    if (root === undefined) return false;
    return ['/etc/passwd', '/etc/shadow'].some((name) => this.#context.tree.resolve(root, name)?.path === file.path);
  }

  #doorsOf(root: string | undefined): Doors {
    const key = root ?? '';
    const doors = this.#doors.get(key) ?? doorsOf(root, this.#context);
    this.#doors.set(key, doors);
    return doors;
  }

  #canLogIn(stored: StoredPassword, shell: string | undefined): Door {
    const { value, database, file } = stored;
    if (value.state === 'locked' || value.state === 'none') return 'no';
    const doors = this.#doorsOf(file.root);
    switch (database) {
      case 'passwd':
      case 'shadow':
        return this.#systemDoor(stored, shell, value.state === 'empty' ? doors.empty : doors.system);
      case 'htpasswd':
      case 'htdigest':
      case 'lighttpd':
        return doors.web === 'yes' ? 'unknown' : doors.web;
      case 'mosquitto':
        return doors.mqtt;
      case 'samba':
        return doors.files;
      case 'other':
        // Whether the script runs, and whether the server that it starts does, is told there.
        return doors.system === 'no' ? 'no' : isSureToRun(file) ? this.#scripted(shell, doors.system) : 'unknown';
      default:
        return 'unknown';
    }
  }

  #scripted(shell: string | undefined, door: Door): Door {
    return shell === undefined || isLoginShell(shell) ? door : 'no';
  }

  #systemDoor({ file }: StoredPassword, shell: string | undefined, door: Door): Door {
    if (shell !== undefined && !isLoginShell(shell)) return 'no';
    // A copy lets nobody in unless boot puts it in place.
    const certain = shell !== undefined && (this.#isEffective(file) || this.#isPutInPlace(file));
    return certain || door === 'no' ? door : 'unknown';
  }

  #isPutInPlace(file: FileEntry): boolean {
    const base = baseOf(file.name);
    return this.#state.mentions.some(
      (line) => line.includes(base) && /\b(cp|mv|ln|cat|install|mount|tar)\b/.test(line) && !this.#isOnly(line, base),
    );
  }

  /** A line that names `passwd` only within a longer name does not speak of that file. */
  #isOnly(line: string, base: string): boolean {
    const at = line.indexOf(base);
    const next = line[at + base.length] ?? ' ';
    return /[\w.-]/.test(next);
  }

  #replaced({ account, file, value }: StoredPassword): Door {
    if (value.state !== 'usable' && value.state !== 'empty') return 'no';
    const setters = this.#context.facts
      .of(accountFirstBoot)
      .filter(
        ({ data, subject }) =>
          data.what === 'password' &&
          subject.kind === 'file' &&
          (file.root === undefined || subject.path.startsWith(file.root)),
      );
    if (setters.some(({ data }) => data.accounts.includes(account))) return 'yes';
    return setters.some(({ data }) => data.accounts.length === 0) ? 'unknown' : 'no';
  }

  #crack({ value }: StoredPassword): {
    cracked: 'yes' | 'no' | 'unknown';
    crack: 'done' | 'stopped' | 'unsupported' | 'not-needed' | 'not-tried';
    password?: string;
    fingerprint?: string;
  } {
    if (value.plain !== undefined) {
      const listed = this.#list.has(value.plain);
      return { cracked: listed ? 'yes' : 'no', crack: 'not-needed', ...this.#named(value.plain) };
    }
    if (value.hash === undefined) return { cracked: 'no', crack: 'not-needed' };
    const answer = this.#cracked.get(keyOf(value.hash)) ?? { state: 'not-tried' };
    if (answer.word !== undefined) return { cracked: 'yes', crack: 'done', ...this.#named(answer.word) };
    return { cracked: answer.state === 'done' ? 'no' : 'unknown', crack: answer.state };
  }

  /** Only words of the public list are told; of anything else a fingerprint. */
  #named(word: string): { password: string } | { fingerprint: string } {
    if (this.#list.has(word)) return { password: word };
    return { fingerprint: createHash('sha256').update(`assay password ${word}`).digest('hex').slice(0, 12) };
  }
}
