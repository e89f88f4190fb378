/** Services that inetd and xinetd start when somebody connects. */
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { UnitStart } from './units.ts';

/** Its programs; BusyBox has one. */
export const INETD = /(^|\/)((inetutils-|openbsd-|rl)?inetd|xinetd)$/;

type Read = (entry: FileEntry) => string | undefined;

/** Lines of inetd.conf, and of the files that its start line names, and enabled services of xinetd. */
export function inetdServices(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  named: readonly string[],
): readonly UnitStart[] {
  const files = [...new Set(['/etc/inetd.conf', '/etc/xinetd.conf', ...named])]
    .map((name) => tree.resolve(root, name))
    .filter((entry) => entry?.type === 'file')
    .filter((entry) => entry !== undefined);
  return [...files, ...tree.list(root, '/etc/inetd.d'), ...tree.list(root, '/etc/xinetd.d')].flatMap((entry) => {
    const text = entry.type === 'file' ? read(entry) : undefined;
    if (text === undefined) return [];
    if (/^[ \t]*(service|defaults)\b[^\n{]*\n?\s{0,200}\{/m.test(text)) return xinetdFile(entry, text);
    return text.split('\n').flatMap((line, index) => inetdLine(line, entry, index + 1));
  });
}

function inetdLine(line: string, entry: FileEntry, at: number): readonly UnitStart[] {
  const fields = line.trim().split(/\s+/);
  const [, , , , account, program = ''] = fields;
  if (line.trim().startsWith('#') || fields.length < 6 || program === 'internal') return [];
  // A wrapper runs what its arguments name, BusyBox what it is called by.
  const words = /(^|\/)(tcpd|busybox)$/.test(program) ? fields.slice(6) : [program, ...fields.slice(7)];
  return [{ words, account, condition: undefined, manager: 'inetd', entry, line: at }];
}

function xinetdFile(entry: FileEntry, text: string): readonly UnitStart[] {
  const live = text.replace(/^[ \t]*#.*$/gm, '');
  let at = 0;
  let line = 1;
  const blocks = [...live.matchAll(/^[ \t]*service\b[^{}]{0,200}\{([^{}]*)\}/gm)];
  return blocks.flatMap(({ 1: block = '', index }): readonly UnitStart[] => {
    const value = (key: string): string | undefined =>
      new RegExp(`^[ \\t]*${key}[ \\t]*\\+?=(.*)$`, 'm').exec(block)?.[1]?.trim();
    line += live.slice(at, index).split('\n').length - 1;
    at = index;
    const server = value('server');
    if (server === undefined || value('disable')?.toLowerCase() === 'yes') return [];
    return [
      {
        words: [server, ...(value('server_args') ?? '').split(/\s+/).filter((word) => word !== '')],
        account: value('user'),
        condition: undefined,
        manager: 'inetd',
        entry,
        line,
      },
    ];
  });
}
