/** Switches that open a debug or factory mode: a start script opens a shell or a debug service where a stored value or a flag file says so. */
import { readScript, type ShellCommand } from '../../../codecs/formats/shell-script.ts';
import { looksLikeText, wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceScript } from '../../../facts/index.ts';
import { daemonOf } from './daemons.ts';
import { unwrapped } from './wrapped.ts';

const LIMIT = 1 << 20;
/** Where a value is asked for that somebody may have stored, or a flag that somebody may have laid. */
const STORED =
  /\b(nvram(_get)?\s+(\S+\s+){0,2}get|nvram_get|fw_printenv|fw_env|getprop|rgdb|xmldbc|tcapi\s+get|cfm\s+get|mib\s+get|flash\s+get)\b|\/proc\/cmdline/;
const FLAG =
  /\[{1,2}\s*-[efsrd]\s+["']?\/(mnt|media|tmp|data|usr\/data|userdata|boot|config|configs|jffs2?|oem|sdcard|var|home)\//;
const NAMED =
  /factory|debug|develop|engineer|diag(nostic)?s?_?mode|test_?mode|backdoor|(telnet|adb|ssh|shell)_?(en|on|flag|switch|mode)/i;
/** What asks for a program or its state asks for no switch. */
const OF_PROGRAMS = /^(not )?\[{0,2}\s*(-[xefs]\s+\S*\/s?bin\/\S+|.*\bpidof\b.*)\s*\]{0,2}$/;
const OPEN: ReadonlySet<string> = new Set(['telnet', 'adb', 'debug']);
/** These are of use to an owner too: only a name says that they are not meant for one. */
const SERVING: ReadonlySet<string> = new Set(['ssh', 'ftp', 'tftp', 'remote-shell']);

export const servicesSwitches: Analyzer = {
  id: 'services/switches',
  title: 'Switches that open a debug or factory mode',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [serviceScript],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    file.size >= 16 &&
    !/\.(js|css|html?|png|jpe?g|gif|so|ko|a|o|svg|woff2?|py|lua|php|json|xml|conf)(\.|$)/.test(file.name),
  observe(file, content, context) {
    const start = Buffer.from(content.read(0, 64)).toString('latin1');
    if (!/^#!\s*\S*(sh|rc\.common|openrc-run)\b/.test(start) && !/^\/etc\/(init\.d\/|rc)/.test(file.name)) return;
    if (!looksLikeText(content)) return;
    if (content.size > LIMIT) {
      context.gap({ kind: 'over-budget', message: 'a script is too long to be read whole' });
      return;
    }
    const root = context.tree.roots.find(({ path }) => path === file.root);
    const text = wholeText(content, LIMIT);
    // Without the name of a service that is one of these there is nothing to read.
    if (
      root === undefined ||
      text === undefined ||
      !/telnetd|adbd|gdbserver|dropbear|sshd|ftpd|\bnc\b|socat|tddp/.test(text)
    )
      return;
    const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
    for (const one of readScript(text, existsIn(root, context), undefined, cut)) tell(one, file, context);
  },
};

const existsIn =
  (root: RootFileSystem, { tree }: AnalyzerContext) =>
  (path: string): boolean =>
    tree.resolve(root, path) !== undefined;

function tell({ words, condition, line }: ShellCommand, file: FileEntry, context: AnalyzerContext): void {
  if (condition === undefined || !isSwitch(words, condition)) return;
  context.emit(
    serviceScript,
    { kind: 'debug-switch', file: file.name, line, text: `${condition}: ${words.join(' ')}`.slice(0, 200) },
    { subject: { kind: 'file', path: `${file.path}#${line}` }, where: `line ${line}` },
  );
}

function isSwitch(words: readonly string[], condition: string): boolean {
  const [program = '', ...rest] = unwrapped(words).words;
  const kind = daemonOf(program)?.kind ?? '';
  if (/(^|\/)strace$/.test(program) || rest.includes('stop')) return false;
  // A pipe of nc serves somebody only where it listens.
  if (kind === 'remote-shell' && !rest.some((word) => /^-\w*l/.test(word) || /LISTEN/.test(word))) return false;
  const parts = condition.split(' and ').filter((part) => !OF_PROGRAMS.test(part));
  const named = parts.some((part) => NAMED.test(part));
  if (OPEN.has(kind)) return named || parts.some((part) => STORED.test(part) || FLAG.test(part));
  return SERVING.has(kind) && parts.some((part) => /factory|debug|develop|engineer|backdoor|test_?mode/i.test(part));
}
