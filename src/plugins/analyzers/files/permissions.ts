/** Modes and owners that matter: setuid and setgid programs, what everybody may write, password databases and keys. */
import { passwdLine } from '../../../codecs/formats/shadow.ts';
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { filePermission } from '../../../facts/index.ts';

/** Programs that are setuid or setgid on most systems and that the work of whoever runs them needs. */
const USUAL = new Set(
  'busybox su sudo doas passwd login ping ping6 mount umount fusermount fusermount3 newgrp chsh chfn gpasswd chage expiry crontab at wall write ssh-keysign dbus-daemon-launch-helper polkit-agent-helper-1 pkexec unix_chkpwd utempter ssh-agent traceroute traceroute6 arping pppd bwrap mtr-packet'.split(
    ' ',
  ),
);
const TEMPORARY =
  /^\/(tmp|var\/tmp|var\/volatile\/tmp|dev\/shm|run\/lock|var\/lock|var\/spool\/mail|dev|proc|sys)(\/|$)/;

export const filesPermissions: Analyzer = {
  id: 'files/permissions',
  title: 'Modes and owners',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [filePermission],
  wants: () => false,
  observe() {
    // Everything is told by metadata.
  },
  finish(context) {
    for (const root of context.tree.roots) if (!root.keepsModes) tellLost(root, context);
    const kept = new Set(context.tree.roots.filter((root) => root.keepsModes).map((root) => root.path));
    const owners = new Map(context.tree.roots.map((root) => [root.path, usersOf(root, context)]));
    for (const entry of context.tree.entries())
      if (entry.root !== undefined && kept.has(entry.root) && entry.mode !== undefined)
        examine(entry, entry.mode, owners.get(entry.root), context);
  },
};

function tellLost(root: RootFileSystem, context: AnalyzerContext): void {
  const message =
    'modes and owners of the target were lost before assay saw the files: give the image itself, or a directory made by assay unpack';
  context.gap(
    { kind: 'not-given', flag: '--firmware IMAGE', message },
    { scope: { kind: 'file', path: root.path }, area: 'root-file-system' },
  );
}

type Owners = ReadonlySet<number> | undefined;

/** The user ids that an image has; undefined where its passwd is not at hand (made at boot, say). */
function usersOf(root: RootFileSystem, context: AnalyzerContext): Owners {
  const entry = context.tree.resolve(root, '/etc/passwd');
  if (entry?.type !== 'file') return undefined;
  const ids = [...linesOf(context.tree.content(entry))].flatMap(({ text }) => passwdLine(text)?.uid ?? []);
  return new Set(ids);
}

function examine(entry: FileEntry, mode: number, owners: Owners, context: AnalyzerContext): void {
  const kind = kindOf(entry, mode, owners);
  if (kind === undefined) return;
  context.emit(
    filePermission,
    {
      file: entry.name,
      kind: kind.kind,
      mode: mode.toString(8).padStart(4, '0'),
      ...(entry.uid === undefined ? {} : { uid: entry.uid }),
      expected: kind.expected,
    },
    { subject: { kind: 'file', path: entry.path } },
  );
}

type Kind =
  | 'setuid'
  | 'setgid'
  | 'world-writable'
  | 'world-writable-directory'
  | 'writable-start-script'
  | 'readable-secret'
  | 'shadow';

type Judged = { readonly kind: Kind; readonly expected: boolean };

function kindOf(entry: FileEntry, mode: number, owners: Owners): Judged | undefined {
  const everybody = (mode & 0o002) !== 0;
  if (entry.type === 'directory') {
    return everybody
      ? { kind: 'world-writable-directory', expected: (mode & 0o1000) !== 0 || TEMPORARY.test(entry.name) }
      : undefined;
  }
  if (entry.type !== 'file') return undefined;
  return passwordDatabase(entry, mode) ?? foreignRights(entry, mode) ?? writable(entry, everybody, owners);
}

function passwordDatabase(entry: FileEntry, mode: number): Judged | undefined {
  if (/^\/etc\/g?shadow-?$/.test(entry.name)) return { kind: 'shadow', expected: (mode & 0o007) === 0 };
  return /^\/etc\/passwd-?$/.test(entry.name) && (mode & 0o002) !== 0 ? { kind: 'shadow', expected: false } : undefined;
}

function foreignRights(entry: FileEntry, mode: number): Judged | undefined {
  const base = entry.name.slice(entry.name.lastIndexOf('/') + 1);
  const executable = (mode & 0o111) !== 0;
  if ((mode & 0o4000) !== 0 && executable)
    return { kind: 'setuid', expected: USUAL.has(base) || (entry.uid ?? 0) !== 0 };
  return (mode & 0o2000) !== 0 && executable
    ? { kind: 'setgid', expected: USUAL.has(base) || (entry.gid ?? 0) !== 0 }
    : undefined;
}

function writable(entry: FileEntry, everybody: boolean, owners: Owners): Judged | undefined {
  const start = /^\/etc\/(init\.d|rc[\dS]?\.d|cron\.\w+|systemd)\/|^\/(lib|usr\/lib)\/systemd\//.test(entry.name);
  // An owner whom the image does not know (whoever built it) is nobody.
  const owned = (entry.uid ?? 0) !== 0 && owners?.has(entry.uid ?? 0) !== false;
  if (start) return everybody || owned ? { kind: 'writable-start-script', expected: false } : undefined;
  return everybody ? { kind: 'world-writable', expected: TEMPORARY.test(entry.name) } : undefined;
}
