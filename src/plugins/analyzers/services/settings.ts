/** Settings of daemons in an image that bear on security, each in assay's own words with file and line. */
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceFirewall, serviceLogging, serviceSetting } from '../../../facts/index.ts';
import { daemonOf } from './daemons.ts';
import { type Start, startsOf } from './followed.ts';
import { tellOutside } from './outside.ts';
import type { Rule } from './setting-lines.ts';
import { RULES } from './setting-rules.ts';
import { keepText, LIMIT, scriptReader, type Texts } from './texts.ts';

const texts = new WeakMap<FileTree, Texts>();

export const servicesSettings: Analyzer = {
  id: 'services/settings',
  title: 'Settings of daemons, firewall and log',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [serviceSetting, serviceFirewall, serviceLogging],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    (RULES.some((rule) => rule.file.test(file.name)) || isScript(file)),
  observe(file, content, context) {
    const map = texts.get(context.tree) ?? new Map<string, string>();
    texts.set(context.tree, map);
    if (isScript(file)) keepText(file, content, map);
    else {
      const text = wholeText(content, LIMIT);
      if (text !== undefined) map.set(file.path, text);
    }
  },
  finish(context) {
    const map = texts.get(context.tree) ?? new Map<string, string>();
    for (const root of context.tree.roots) {
      const cut = (message: string): void =>
        context.gap(
          { kind: 'over-budget', message },
          { scope: { kind: 'file', path: root.path }, area: 'root-file-system' },
        );
      const { starts, outside } = startsOf(root, context.tree, scriptReader(map, context.tree, cut), cut);
      tellOutside(outside, { kind: 'file', path: root.path }, context);
      const files = [...context.tree.entries()].filter((entry) => entry.root === root.path && map.has(entry.path));
      for (const file of files)
        for (const rule of RULES)
          if (rule.file.test(file.name)) apply(rule, file, map.get(file.path) ?? '', starts, context);
      startFlags(starts, context);
      tellFirewall(files, map, root.path, context);
      tellLogging(starts, root.path, context);
    }
    texts.delete(context.tree);
  },
};

const isScript = (file: FileEntry): boolean =>
  /^\/((.*\/)?init[\w.-]*\.rc$|etc\/(inittab|default\/|sysconfig\/|conf\.d\/|rc|init\.d|init0\.d|inetd|xinetd|config\/|services\.d|service\/|runit|sv\/|runlevels|firewall|iptables|nftables|preinit|systemd)|(usr\/)?lib\/systemd|(lib|etc)\/preinit|init|(system|vendor)\/etc\/init\/)/.test(
    file.name,
  );

type Active = 'yes' | 'no' | 'unknown';

/** Whether the image starts the daemon: `unknown` where that hangs on a condition. */
function activeOf(programs: readonly string[], starts: readonly Start[]): Active {
  const own = starts.filter((start) => programs.includes(start.program.slice(start.program.lastIndexOf('/') + 1)));
  if (own.some((start) => start.condition === undefined)) return 'yes';
  return own.length > 0 ? 'unknown' : 'no';
}

function apply(rule: Rule, file: FileEntry, text: string, starts: readonly Start[], context: AnalyzerContext): void {
  const active = activeOf(rule.programs, starts);
  for (const found of rule.read(text)) {
    const { line, ...setting } = found;
    context.emit(
      serviceSetting,
      {
        daemon: rule.daemon,
        ...setting,
        value: setting.value.slice(0, 100),
        active,
        file: file.name,
        ...(line === undefined ? {} : { line }),
      },
      {
        subject: { kind: 'file', path: `${file.path}#${setting.setting}` },
        ...(line === undefined ? {} : { where: `line ${line}` }),
      },
    );
  }
}

/** What a start line itself sets: dropbear takes its settings from there. OpenWrt's script adds options by /etc/config/dropbear, which a rule reads. */
function startFlags(starts: readonly Start[], context: AnalyzerContext): void {
  for (const start of starts.filter((one) => /(^|\/)dropbear$/.test(one.program) && one.manager !== 'procd')) {
    for (const row of dropbearFlags(start.words)) {
      context.emit(
        serviceSetting,
        {
          daemon: 'dropbear',
          ...row,
          byDefault: false,
          // Options that stand in a variable were not seen.
          active: start.condition === undefined && !start.words.some((word) => word.includes('$')) ? 'yes' : 'unknown',
          file: start.file,
          line: start.line,
        },
        { subject: { kind: 'file', path: `${start.path}#dropbear ${row.setting}` }, where: `line ${start.line}` },
      );
    }
  }
}

function dropbearFlags(
  words: readonly string[],
): readonly { setting: string; value: string; weak: boolean; why: string }[] {
  const flags = words.filter((word) => /^-[a-zA-Z]+$/.test(word)).join('');
  const noPasswords = flags.includes('s');
  const noRoot = flags.includes('w') || flags.includes('g') || noPasswords;
  const blank = flags.includes('B');
  const told = (value: boolean): string => (value ? 'yes' : 'no');
  return [
    { setting: 'password-login', value: told(!noPasswords), weak: !noPasswords, why: 'keys only (-s)' },
    { setting: 'root-login', value: told(!noRoot), weak: !noRoot, why: 'no root password (-g or -w)' },
    { setting: 'empty-passwords', value: told(blank), weak: blank, why: 'no empty passwords (without -B)' },
  ];
}

const POLICIES: readonly RegExp[] = [
  /iptables\s+(?:-t\s+filter\s+)?(?:-P|--policy)\s+INPUT\s+(ACCEPT|DROP|REJECT)/,
  /^:INPUT\s+(ACCEPT|DROP)/m,
  /hook\s+input\b[^}]*policy\s+(accept|drop)/,
  /config\s+defaults[\s\S]{0,300}?option\s+input\s+['"]?(ACCEPT|DROP|REJECT)/,
];
type Policy = 'accept' | 'drop' | 'reject' | 'unknown';

function policyIn(text: string): Policy | undefined {
  const found = POLICIES.map((pattern) => pattern.exec(text)?.[1]).find((one) => one !== undefined);
  if (found !== undefined) return found.toLowerCase() as Policy;
  return /\biptables\s+-[AI]\b/.test(text) ? 'unknown' : undefined;
}

/** `iptables -P INPUT DROP`, nftables `policy drop`, OpenWrt `option input REJECT`: the last one counts. */
function tellFirewall(
  files: readonly FileEntry[],
  map: ReadonlyMap<string, string>,
  root: string,
  context: AnalyzerContext,
): void {
  const told = files.flatMap((file) => {
    const policy = policyIn((map.get(file.path) ?? '').replace(/^\s*#.*$/gm, ''));
    return policy === undefined ? [] : [{ file, policy }];
  });
  const last = told.findLast(({ policy }) => policy !== 'unknown') ?? told.at(-1);
  const subject = { kind: 'file', path: last?.file.path ?? root } as const;
  context.emit(
    serviceFirewall,
    { present: last !== undefined, inputPolicy: last?.policy ?? 'unknown', file: last?.file.name ?? '' },
    { subject },
  );
}

function tellLogging(starts: readonly Start[], root: string, context: AnalyzerContext): void {
  const log = starts.find((start) => daemonOf(start.program)?.kind === 'syslog' && !/klogd$/.test(start.program));
  const remote = log?.words.includes('-R') ?? false;
  const subject = { kind: 'file', path: log?.path ?? root } as const;
  context.emit(
    serviceLogging,
    { started: log !== undefined, ...(log === undefined ? {} : { program: log.program }), remote },
    { subject },
  );
}
