/** What a root file system holds: kinds of files in numbers, developer tools, and what a developer left. */
import { isElf } from '../../../codecs/formats/elf.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { binaryTool, fileInventory, fileLeftover } from '../../../facts/index.ts';

type ToolKind = 'compiler' | 'debugger' | 'tracer' | 'sniffer' | 'remote-shell' | 'scanner';
const named = (names: string, kind: ToolKind): readonly (readonly [string, ToolKind])[] =>
  names.split(' ').map((name) => [name, kind] as const);
const TOOLS: ReadonlyMap<string, ToolKind> = new Map([
  ...named('gcc g++ cc c++ clang tcc cpp as ld make', 'compiler'),
  ...named('gdb gdbserver lldb lldb-server openocd kgdb', 'debugger'),
  ...named('strace ltrace perf valgrind bpftrace ftrace objdump readelf nm', 'tracer'),
  ...named('tcpdump tshark dumpcap wireshark ettercap ngrep', 'sniffer'),
  ...named('telnetd in.telnetd utelnetd rshd rlogind rexecd in.rshd nc netcat ncat socat', 'remote-shell'),
  ...named('nmap masscan hydra john', 'scanner'),
]);

type LeftoverKind =
  | 'history'
  | 'credentials'
  | 'version-control'
  | 'editor'
  | 'core-dump'
  | 'source-map'
  | 'test-page'
  | 'backup';
const LEFTOVERS: readonly (readonly [RegExp, LeftoverKind])[] = [
  [/\/\.(bash|ash|zsh|sh|mysql|python|lesshst)_?history$|\/\.lesshst$/, 'history'],
  [
    /\/\.(netrc|git-credentials|npmrc|pypirc|dockercfg)$|\/\.docker\/config\.json$|\/\.aws\/credentials$/,
    'credentials',
  ],
  [/\/\.(git|hg|svn|bzr)\/(HEAD|config|entries|wc\.db|requires)$|\/CVS\/Entries$|\/\.gitignore$/, 'version-control'],
  [/\/\.(vscode|idea)\/|\.sw[op]$|\/\.DS_Store$/, 'editor'],
  [/\/(core|core\.\d+)$/, 'core-dump'],
  [/\.js\.map$/, 'source-map'],
  [
    /\/(phpinfo|info|test)\.php$|\/test[-.]?cgi(\.cgi)?$|\/printenv\.(cgi|pl)$|\/cgi-bin\/(.*\/)?printenv$/,
    'test-page',
  ],
  [/\/(www|htdocs|web|html)\/.*\.(bak|old|orig|save)$|\/etc\/.*\.(bak|orig)$/, 'backup'],
];

export const filesInventory: Analyzer = {
  id: 'files/inventory',
  title: 'Inventory, developer tools and leftovers',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [binaryTool, fileInventory, fileLeftover],
  wants: () => false,
  observe() {
    // Names and modes tell it all.
  },
  finish(context) {
    for (const root of context.tree.roots) {
      const entries = [...context.tree.entries()].filter(
        (entry) => entry.root === root.path && (entry.type === 'file' || entry.type === 'symlink'),
      );
      const files = entries.filter((entry) => entry.type === 'file');
      const count = (test: (entry: FileEntry) => boolean): number => files.filter(test).length;
      const path = { kind: 'file', path: root.path } as const;
      const programs = count((entry) => /\/s?bin\//.test(entry.name));
      context.emit(
        fileInventory,
        {
          root: root.prefix,
          files: files.length,
          programs,
          scripts: count((entry) => /\.(sh|cgi|pl|py|lua|php)$/.test(entry.name)),
          modules: count((entry) => /\.ko(\.\w+)?$/.test(entry.name)),
        },
        { subject: path },
      );
      for (const entry of entries) tell(entry, context);
    }
  },
};

/** What a name only suggests, the content must bear out: a core dump is an ELF file, a PHP test page calls phpinfo. */
function bears(kind: LeftoverKind, entry: FileEntry, context: AnalyzerContext): boolean {
  if (kind === 'core-dump') return entry.size >= 4096 && isElf(context.tree.content(entry).read(0, 20));
  if (kind !== 'test-page' || !entry.name.endsWith('.php')) return true;
  return Buffer.from(context.tree.content(entry).read(0, 64 << 10)).includes('phpinfo');
}

function tell(entry: FileEntry, context: AnalyzerContext): void {
  const base = entry.name.slice(entry.name.lastIndexOf('/') + 1);
  const subject = { kind: 'file', path: entry.path } as const;
  const tool = /\/s?bin\/[^/]+$/.test(entry.name) ? TOOLS.get(base.replace(/^[\w-]+-linux-[\w-]+-/, '')) : undefined;
  if (tool !== undefined) context.emit(binaryTool, { name: base, file: entry.name, kind: tool }, { subject });
  const leftover = LEFTOVERS.find(([pattern]) => pattern.test(entry.name))?.[1];
  if (leftover !== undefined && entry.type === 'file' && bears(leftover, entry, context))
    context.emit(fileLeftover, { file: entry.name, kind: leftover }, { subject });
}
