/** How the file systems of an image are mounted: the root by its own format, fstab and start scripts. fstab(5). */
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { fileMount } from '../../../facts/index.ts';

/** Formats that nothing can write to. */
const NEVER_WRITTEN = /^(squashfs|erofs|cramfs|romfs|iso9660)$/;
const READ_ONLY = /!(squashfs|erofs|cramfs|romfs|iso9660)\b[^!]*$/;
const REMOUNT = /\bmount\b[^#\n]{0,80}\bremount,?\s{0,8}\S{0,40}\brw\b[^#\n]{0,80}\s\/(\s|$)/;
/** A writable layer laid over the root: what the root's own format says of it no longer holds. */
const OVERLAY = /^[^#\n]{0,200}\bmount\b[^#\n]{0,200}\s-t\s{0,8}(overlay(?:fs)?|mini_fo|aufs|unionfs)\s+[-\w/$"']/m;
/** A mount of a script: what stands before it, its words, and where to. */
const MOUNTED =
  /^([^#\n]{0,200}?)\bmount\b([^#\n;&|]{0,400}?)\s(\/[\w./-]{1,200})[ \t]*(-o[ \t]*[\w,=.-]{1,200}[ \t]*)?(?=$|[;&|>]|\d>)/gm;
/** A line that only speaks of a mount. */
const SPOKEN_OF = /\b(echo|printf|logger|e?grep|which)\s/;
/** Folders that are empty or the kernel's at every start: what lies there was put there by what has started already. */
const MADE_ANEW = /^\/(dev|proc|sys|tmp|run|var\/(run|tmp|lock))(\/|$)/;
/** Folders of start-up items: what the root is says nothing of them where something is mounted there. */
const START = /^\/(etc(\/(init\.d|rc[^/]*|cron[^/]*|systemd[^/]*))?|s?bin|lib|usr(\/s?bin|\/lib)?)?$/;
/** Scripts that run whole at every start; others may never be called. */
const ALWAYS_RUN = /\/(inittab|rcS|rc\.sysinit|rc\.local|preinit|S\d\d[\w.-]*)$/;
/** OpenWrt's program that does it. */
const MOUNT_ROOT = '/sbin/mount_root';
const LIMIT = 2 << 20;
const MOUNTS = 64;

interface Found {
  readonly root: string;
  readonly file: FileEntry;
  readonly text: string;
}
const found = new WeakMap<AnalyzerContext['tree'], Found[]>();

export const filesMounts: Analyzer = {
  id: 'files/mounts',
  title: 'Mounted file systems',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [fileMount],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    /^\/etc\/(fstab|inittab|init\.d\/|rc[.\w]*|preinit|[\w.-]+\.sh$)/.test(file.name),
  observe(file, content, context) {
    const list = found.get(context.tree) ?? [];
    found.set(context.tree, list);
    const text = wholeText(content, LIMIT)?.replace(/^[ \t]*#.*$/gm, '');
    if (text !== undefined) list.push({ root: file.root ?? '', file, text });
  },
  finish(context) {
    for (const root of context.tree.roots) {
      const list = (found.get(context.tree) ?? []).filter((one) => one.root === root.path);
      const run = runAtStart(root, list, context);
      examine(root, list, run, context);
      for (const script of run) emitMounts(script, run, context);
    }
    found.delete(context.tree);
  },
};

/** Folders whose links say which start scripts run. */
const LEVELS = [
  ...['S', '2', '3', '4', '5'].flatMap((level) => [`/etc/rc${level}.d`, `/etc/rc.d/rc${level}.d`]),
  ...['sysinit', 'boot', 'default'].map((level) => `/etc/runlevels/${level}`),
  '/etc/rc.d',
];

/** The scripts that something starts: by their name, by a link of a run level, or by a script that does; all where no run level tells. */
function runAtStart(root: RootFileSystem, list: readonly Found[], { tree }: AnalyzerContext): readonly Found[] {
  const links = LEVELS.flatMap((folder) => tree.list(root, folder)).filter(({ name }) => !/\/K\d\d[^/]*$/.test(name));
  const linked = new Set(links.flatMap(({ name, target = name }) => [baseOf(name), baseOf(target)]));
  const scripts = list.filter(({ file }) => file.name !== '/etc/fstab');
  const run = new Set(
    scripts.filter(
      ({ file: { name } }) =>
        !/^\/etc\/(init\.d\/|[\w.-]+\.sh$)/.test(name) ||
        ALWAYS_RUN.test(name) ||
        linked.has(baseOf(name)) ||
        (links.length === 0 && name.startsWith('/etc/init.d/')),
    ),
  );
  for (let turn = 0; turn < CALLS; turn += 1) {
    const texts = [...run].map(({ text }) => text).join('\n');
    const more = scripts.filter((one) => !run.has(one) && texts.includes(one.file.name));
    if (more.length === 0) break;
    for (const one of more) run.add(one);
  }
  return [...run];
}
const CALLS = 4;
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function examine(root: RootFileSystem, list: readonly Found[], run: readonly Found[], context: AnalyzerContext): void {
  const fstab = list.find((one) => /^\/etc\/fstab$/.test(one.file.name));
  const rows = fstab === undefined ? [] : rowsOf(fstab.text);
  for (const row of rows.filter(({ point }) => point !== '/')) {
    context.emit(
      fileMount,
      { ...row, startUp: isStartUp(row.point, run), file: '/etc/fstab' },
      { subject: { kind: 'file', path: `${fstab?.file.path ?? root.path}#${row.point}` }, where: `line ${row.line}` },
    );
  }
  const own = READ_ONLY.exec(root.path)?.[1];
  const row = rows.find(({ point }) => point === '/');
  const rewritten = run.find((one) => REMOUNT.test(one.text));
  const readOnly = own !== undefined ? 'yes' : rewritten !== undefined ? 'no' : statedBy(row);
  const file = own !== undefined ? root.path : (rewritten?.file.name ?? '/etc/fstab');
  context.emit(
    fileMount,
    {
      point: '/',
      device: row?.device ?? '',
      type: own ?? row?.type ?? 'unknown',
      readOnly,
      options: row?.options ?? [],
      startUp: true,
      file,
    },
    { subject: { kind: 'file', path: root.path } },
  );
  const layer = overlayOf(root, run, context);
  emitOverlay(root, layer, context);
  if (layer === undefined) tellIdle(root, list, context);
}

/** With `noauto` nothing takes the row up, and the root stays as the kernel has mounted it. */
const statedBy = (row: Row | undefined): Row['readOnly'] =>
  row === undefined || row.options.includes('noauto') ? 'unknown' : row.readOnly;

/** A script that would lay a layer over the root and that nothing runs, as far as was seen. */
function tellIdle(root: RootFileSystem, list: readonly Found[], context: AnalyzerContext): void {
  const idle = list.find((one) => OVERLAY.test(one.text));
  if (idle !== undefined)
    context.gap(
      {
        kind: 'unrecognised',
        message: `${idle.file.name} lays a writable layer over the root, and nothing that was seen starts it`,
      },
      { scope: { kind: 'file', path: root.path }, area: 'root-file-system' },
    );
}

/** Start-up items lie at a point where its place says so, or where a boot script runs something from below it. */
function isStartUp(point: string, list: readonly Found[]): boolean {
  if (START.test(point)) return true;
  if (MADE_ANEW.test(point)) return false;
  const runs = new RegExp(
    `(?:^|(?<![<>])[;&|](?!>))[ \\t]*(?:(?:exec|nohup|sh|ash|bash|busybox|source|\\.|then|do|else)[ \\t]+)*["']?${point.replace(/[.+-]/g, '\\$&')}/[\\w./-]`,
    'm',
  );
  return list.some(({ text }) => runs.test(text));
}

function emitMounts({ file, text }: Found, all: readonly Found[], context: AnalyzerContext): void {
  const lines = [...text.matchAll(MOUNTED)];
  if (lines.length > MOUNTS)
    context.gap(
      { kind: 'over-budget', message: `more than ${MOUNTS} mounts in one script` },
      { scope: { kind: 'file', path: file.path }, area: 'root-file-system' },
    );
  for (const [index, [, before = '', words = '', where = '', after = '']] of lines.slice(0, MOUNTS).entries()) {
    const point = where.replace(/(?<=.)\/$/, '');
    if (SPOKEN_OF.test(before) || !isStartUp(point, all)) continue;
    // Inside or after a condition, or in a script that perhaps never runs: it may not happen.
    const sure = !/^\s|&&|\|\||\b(if|while|case)\b/.test(before) && ALWAYS_RUN.test(file.name);
    const mount = mountOf(`${words} ${after}`, sure);
    if (mount.options.includes('remount')) continue;
    const subject = { kind: 'file', path: `${file.path}#${index}${point}` } as const;
    context.emit(fileMount, { point, device: '', ...mount, startUp: true, file: file.name }, { subject });
  }
}

/** A folder that is bound elsewhere is read-only where what holds it is: unknown. So is what the kernel tells the type of. */
function mountOf(words: string, sure: boolean): Pick<Row, 'type' | 'options' | 'readOnly'> {
  const options = [...words.matchAll(/\s-\w{0,8}o\s*(\S+)/g)].flatMap(([, list = '']) => list.split(','));
  const bound = options.includes('bind') || /\s--?r?bind\b/.test(words);
  const type = bound ? 'bind' : (/\s-\w{0,8}t\s*(\w+)/.exec(words)?.[1] ?? 'unknown');
  if (options.includes('ro') || /\s-\w{0,8}r\b/.test(words) || NEVER_WRITTEN.test(type))
    return { type, options, readOnly: 'yes' };
  const told = type !== 'unknown' && !bound;
  return { type, options, readOnly: sure && told ? 'no' : 'unknown' };
}

function emitOverlay(root: RootFileSystem, layer: string | undefined, context: AnalyzerContext): void {
  if (layer === undefined) return;
  context.emit(
    fileMount,
    { point: '/', device: '', type: 'overlay', readOnly: 'no', options: [], startUp: true, file: layer },
    { subject: { kind: 'file', path: `${root.path}#overlay` }, where: `a writable layer by ${layer}` },
  );
}

function overlayOf(root: RootFileSystem, list: readonly Found[], context: AnalyzerContext): string | undefined {
  const script = list.find((one) => OVERLAY.test(one.text));
  if (script !== undefined) return script.file.name;
  return context.tree.resolve(root, MOUNT_ROOT) === undefined ? undefined : MOUNT_ROOT;
}

interface Row {
  readonly device: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
  readonly readOnly: 'yes' | 'no' | 'unknown';
  readonly line: number;
}

function rowsOf(text: string): readonly Row[] {
  return text.split('\n').flatMap((line, index) => {
    const [device = '', point = '', type = '', options = ''] = line.trim().split(/\s+/);
    if (line.trim().startsWith('#') || !point.startsWith('/')) return [];
    const list = options.split(',').filter((one) => one !== '');
    // `rootfs` and `auto` in fstab leave it to the kernel's command line.
    const readOnly =
      list.includes('ro') || NEVER_WRITTEN.test(type)
        ? 'yes'
        : list.includes('rw') || list.includes('defaults')
          ? 'no'
          : 'unknown';
    return [{ device, point, type, options: list, readOnly, line: index + 1 }];
  });
}
