/** Android's init.rc, and the properties that decide over its debug bridge and its console. */
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Console } from './inittab.ts';
import type { UnitStart } from './units.ts';

type Read = (entry: FileEntry) => string | undefined;
type Properties = ReadonlyMap<string, string>;

const FILES = 5000;
const MAX_PROPERTIES = 1 << 20;
/** In the order in which init loads them: of read-only properties the first that is set stays. */
const PROPERTY_FILES = [
  '/default.prop',
  '/prop.default',
  '/system/etc/prop.default',
  '/system/build.prop',
  '/build.prop',
  '/vendor/default.prop',
  '/vendor/build.prop',
  '/odm/build.prop',
  '/product/build.prop',
];

export interface AndroidStarts {
  readonly units: readonly UnitStart[];
  readonly consoles: readonly (Console & { readonly path: string })[];
}

/** `service NAME /path args`, with `disabled` as a condition; adbd runs where a property of the image asks for it. */
export function androidServices(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  cut: (why: string) => void,
): AndroidStarts {
  const files = ['/', '/system/etc/init', '/vendor/etc/init', '/odm/etc/init', '/product/etc/init'].flatMap((folder) =>
    tree.list(root, folder),
  );
  const first = files.filter(
    // Recovery has an init.rc of its own, which alone asks for these.
    (entry) => entry.type === 'file' && entry.name.endsWith('.rc') && !/^\/init\.recovery\b/.test(entry.name),
  );
  const properties = first.length === 0 ? new Map<string, string>() : propertiesOf(root, tree, cut);
  const scripts = withImports(first, properties, root, tree, read);
  if (scripts.size > FILES) cut(`more than ${FILES} init.rc files`);
  const services = [...scripts.values()]
    .slice(0, FILES)
    .flatMap(({ entry, condition }) => servicesIn(entry, read(entry) ?? '', condition));
  return {
    units: services.map((service) => startOf(service, properties)),
    consoles: services.filter(({ block }) => /^\s+console\b/m.test(block)).map((one) => consoleOf(one, properties)),
  };
}

interface Script {
  readonly entry: FileEntry;
  /** A file that a property names which the image does not set. */
  readonly condition?: string;
}

/** Scripts and what they import, by path; `${ro.hardware}` comes from the boot loader, so that any file that fits may be meant. */
function withImports(
  first: readonly FileEntry[],
  properties: Properties,
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
): ReadonlyMap<string, Script> {
  const scripts = new Map<string, Script>(first.map((entry) => [entry.path, { entry }]));
  // The map grows while it is gone through.
  for (const { entry } of scripts.values()) {
    for (const [, written = ''] of (read(entry) ?? '').matchAll(/^import[ \t]+(\/\S{1,200})/gm)) {
      const name = written.replace(/\$\{([\w.-]+)\}/g, (whole, key: string) => properties.get(key) ?? whole);
      for (const imported of importsOf(name, root, tree))
        if (imported.entry.type === 'file' && !scripts.has(imported.entry.path) && scripts.size <= FILES)
          scripts.set(imported.entry.path, imported);
    }
  }
  return scripts;
}

function importsOf(name: string, root: RootFileSystem, tree: FileTree): readonly Script[] {
  const entry = tree.resolve(root, name);
  if (entry !== undefined)
    return entry.type === 'directory' ? tree.list(root, name).map((one) => ({ entry: one })) : [{ entry }];
  const fixed = name.split(/\$\{[^}]*\}/);
  if (fixed.length === 1) return [];
  const [before = '', after = ''] = [fixed[0], fixed.at(-1)];
  const folder = before.slice(0, before.lastIndexOf('/')) || '/';
  return tree
    .list(root, folder)
    .filter((one) => one.name.startsWith(before) && one.name.endsWith(after))
    .map((one) => ({ entry: one, condition: `${name} means ${one.name}` }));
}

function propertiesOf(root: RootFileSystem, tree: FileTree, cut: (why: string) => void): Properties {
  const properties = new Map<string, string>();
  for (const name of PROPERTY_FILES) {
    const entry = tree.resolve(root, name);
    if (entry?.type !== 'file') continue;
    const text = Buffer.from(tree.content(entry).read(0, MAX_PROPERTIES)).toString('latin1');
    if (entry.size > MAX_PROPERTIES) cut(`${name} is too long to be read whole`);
    for (const [, key = '', value = ''] of text.matchAll(/^[ \t]*([\w.-]{1,90})=(.{0,200})$/gm))
      if (!(key.startsWith('ro.') && properties.has(key))) properties.set(key, value.trim());
  }
  return properties;
}

interface Service {
  readonly words: readonly string[];
  readonly block: string;
  readonly entry: FileEntry;
  readonly line: number;
  readonly condition?: string;
}

function servicesIn(entry: FileEntry, text: string, condition: string | undefined): readonly Service[] {
  const found: Service[] = [];
  let line = 1;
  for (const block of text.split(/^(?=(?:service|on)\s)/m)) {
    const command = /^service\s+\S+\s+(.+)$/m.exec(block)?.[1];
    if (command !== undefined && block.startsWith('service'))
      found.push({
        words: command.trim().split(/\s+/),
        block,
        entry,
        line,
        ...(condition === undefined ? {} : { condition }),
      });
    line += block.split('\n').length - 1;
  }
  return found;
}

const isAdb = ({ words }: Service): boolean => /(^|\/)adbd$/.test(words[0] ?? '');
const isDisabled = ({ block }: Service): boolean => /^\s+disabled\b/m.test(block);

/** USB's configuration names adb, or the bridge is given a port of the network. */
const wantsAdb = (properties: Properties): boolean =>
  ['persist.sys.usb.config', 'sys.usb.config'].some((name) => /\badb\b/.test(properties.get(name) ?? '')) ||
  properties.get('persist.service.adb.enable') === '1' ||
  adbPort(properties) !== undefined;

const adbPort = (properties: Properties): string | undefined =>
  ['service.adb.tcp.port', 'persist.adb.tcp.port']
    .map((name) => properties.get(name) ?? '')
    .find((value) => /^[1-9]\d{0,4}$/.test(value));

function startOf(service: Service, properties: Properties): UnitStart {
  const { words, block, entry, line } = service;
  const on = !isDisabled(service) || (isAdb(service) && wantsAdb(properties));
  // Without it whoever connects has a shell: nobody's key is asked for.
  const open = isAdb(service) && properties.get('ro.adb.secure') === '0' ? ['ro.adb.secure=0'] : [];
  return {
    words: [...words, ...open],
    account: /^\s+user\s+(\S+)/m.exec(block)?.[1],
    condition: on ? service.condition : 'disabled until a trigger',
    manager: 'android',
    entry,
    line,
  };
}

/** Builds for developers (`ro.debuggable=1`) start the shell of the console, others leave it disabled. */
function consoleOf(service: Service, properties: Properties): Console & { readonly path: string } {
  const { words, entry, line } = service;
  const on = !isDisabled(service) || properties.get('ro.debuggable') === '1';
  const program = words.join(' ').slice(0, 200);
  const login = /\/(ba|da|a)?sh$/.test(words[0] ?? '') ? 'none' : 'unknown';
  return {
    device: 'console',
    serial: true,
    program,
    login,
    started: on && service.condition === undefined ? 'always' : 'unknown',
    file: entry.name,
    line,
    path: entry.path,
  };
}
