/** Rules of sudo and doas in an image: who may do what, and whether a password is asked for. */
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { accountPrivilege } from '../../../facts/index.ts';

const MAX_RULES = 1000;
const SUDO_WORDS = /^(Defaults|User_Alias|Runas_Alias|Host_Alias|Cmnd_Alias|[#@]include(dir)?)\b/;

export const accountsPrivileges: Analyzer = {
  id: 'accounts/privileges',
  title: 'Rules of sudo and doas',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [accountPrivilege],
  wants: (file) =>
    file.type === 'file' &&
    /^(\/usr)?(\/local)?\/etc\/(sudoers|sudoers\.d\/[^/.~]+|doas\.conf|doas\.d\/[^/]+\.conf)$/.test(file.name),
  observe(file, content, context) {
    const read = file.name.includes('doas') ? doasRule : sudoRule;
    let rules = 0;
    let start = 1;
    let text = '';
    const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
    for (const { number, text: part } of linesOf(content, { cut })) {
      if (text === '') start = number;
      text = (text + part).slice(0, 8192);
      if (text.endsWith('\\')) {
        text = text.slice(0, -1);
        continue;
      }
      const rule = read(text.trim());
      text = '';
      if (rule === undefined) continue;
      if (rules === MAX_RULES) {
        cut(`more than ${MAX_RULES} rules in one file`);
        return;
      }
      rules += 1;
      context.emit(accountPrivilege, { ...rule, file: file.name, line: start }, { where: `line ${start}` });
    }
  },
};

interface Rule {
  readonly who: string;
  readonly rule: string;
  readonly withoutPassword: boolean;
  readonly everything: boolean;
}

/** `who host = (as) TAGS: commands` (sudoers(5)); `#` before a number is a user id. */
function sudoRule(line: string): Rule | undefined {
  if (/^Defaults\s(?=.*!authenticate\b)/.test(line))
    return { who: 'everybody', rule: line.slice(0, 200), withoutPassword: true, everything: true };
  if (line === '' || /^#(?!\d)/.test(line) || SUDO_WORDS.test(line)) return undefined;
  const match = /^(\S+)\s+[^=]+=\s*(.+)$/.exec(line);
  if (match === null) return undefined;
  const [, who = '', rule = ''] = match;
  const commands = rule.replace(/\([^)]*\)/g, '').replace(/\b[A-Z_]+:/g, '');
  const everything = commands.split(',').some((command) => command.trim() === 'ALL');
  // root may do everything as it is.
  if (who === 'root') return undefined;
  return { who, rule: rule.slice(0, 200), withoutPassword: /\bNOPASSWD:/.test(rule), everything };
}

/** `permit [nopass] who [as target] [cmd command]` (doas.conf(5)). */
function doasRule(line: string): Rule | undefined {
  const words = line.split(/\s+/);
  if (words[0] !== 'permit') return undefined;
  const who = words.slice(1).find((word) => !/^(nopass|nolog|persist|keepenv|setenv|\{.*\}?)$/.test(word)) ?? '';
  if (who === 'root') return undefined;
  const withoutPassword = words.includes('nopass');
  return { who, rule: line.slice(0, 200), withoutPassword, everything: !words.includes('cmd') };
}
