/** Passwords that scripts of an image set or hand to a server, and that its settings preset. */
import { isMarkup, settingGroups } from '../../../codecs/formats/markup-settings.ts';
import { ralinkLogin, uciLogins } from '../../../codecs/formats/paired-logins.ts';
import { busyboxLine, presetLine, type ScriptPassword, scriptLine } from '../../../codecs/formats/preset-passwords.ts';
import { loginsOf, type PresetLogin } from '../../../codecs/formats/router-settings.ts';
import type { NamedField } from '../../../codecs/formats/shadow.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { StoredPassword } from './stored.ts';

const PLACES =
  /^\/(etc|etc_ro|usr\/etc|default|defaults|config|mnt|home|opt|usr\/local\/etc|userfs|fhrom|tmp|var|flash)\//;
const SETTINGS =
  /(^|[/._-])(nvram|defaults?|default_?(config|settings|nvram)|factory|factory_?default|settings?|config|backup|system|rtconfig|romfile|webs?|users?|account|umconfig|hw_ctree|db_user_cfg|ctromfile|usrconfig|lastgood|customize)([._-]?[\w-]{0,24})?(\.(conf|cfg|ini|xml|txt|dat|nvram|default|def|prop))?$/i;
/** OpenWrt's, of servers that keep logins there. */
const UCI = /^\/etc\/config\/(rpcd|easycwmp|icwmp|freecwmp|cwmp|tr069)$/;
/** Passwords that are told of one file; who gets so many must tell that there may be more. */
export const MOST_WRITTEN = 200;

/** NVRAM lies in flash beside the root file system, not in it; settings that are packed or disguised are opened beside their file. */
const isNvram = (file: FileEntry): boolean =>
  /!(broadcom-nvram\b[^!/]*\/nvram|(tplink|zte)-settings\b[^!/]*\/settings\.xml)$/.test(file.path);

/** Settings files that may preset the passwords of the management interface, by name and place. */
export const mayPreset = (file: FileEntry): boolean => isNvram(file) || isSettings(file);

const isSettings = (file: FileEntry): boolean =>
  file.type === 'file' &&
  file.root !== undefined &&
  file.size > 0 &&
  (/^\/etc\/httpd\.conf$/.test(file.name) ||
    UCI.test(file.name) ||
    (PLACES.test(file.name) && SETTINGS.test(file.name))) &&
  !/\/(init\.d|rc\d?\.d|ssl|pam\.d|udev|terminfo|systemd|apt|dpkg|opkg|modules?|firmware|zoneinfo|doc)\//.test(
    file.name,
  ) &&
  !/\.(js|css|html?|png|gif|jpe?g|svg|so|ko|php|lua|py|pyc|sh|cgi|md|po|mo|pem|crt|key)$/i.test(file.name);

/** What a text presets; `script` reads commands, else settings: markup as the tree that it is, and lines that say what they are. */
export function writtenIn(text: string, file: FileEntry, tree: FileTree, script: boolean): readonly StoredPassword[] {
  if (script) return inLines(text, file, tree, scriptLine).map((one) => ({ ...one, database: 'other', system: true }));
  const logins = loginsIn(text, file).slice(0, MOST_WRITTEN);
  const told = new Set(logins.map(({ line }) => line));
  const lines = inLines(text, file, tree, /\/httpd\.conf$/.test(file.name) ? busyboxLine : presetLine);
  const all = [
    ...logins.map((one) => ({ ...one, file, forcedChange: false })),
    ...lines.filter(({ line }) => !told.has(line)),
  ];
  return all.slice(0, MOST_WRITTEN).map((one) => ({ ...one, database: 'config' }));
}

/** Those that are more than one line each. */
function loginsIn(text: string, file: FileEntry): readonly PresetLogin[] {
  if (isMarkup(text)) return loginsOf(settingGroups(text));
  return UCI.test(file.name) ? uciLogins(text) : ralinkLogin(text);
}

type InLine = Omit<StoredPassword, 'database'>;

function inLines(
  text: string,
  file: FileEntry,
  tree: FileTree,
  read: (line: string) => ScriptPassword | undefined,
): readonly InLine[] {
  const found: InLine[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const one = read(line);
    const field = one === undefined ? undefined : settled(one, text, file, tree);
    if (field === undefined || found.length === MOST_WRITTEN) continue;
    const { account, ...value } = field;
    found.push({ account, value, file, line: index + 1, forcedChange: false });
  }
  return found;
}

/** What a variable holds that the script fills from a file of the image: ``NAME=`cat FILE` ``. */
function settled(
  one: NamedField & { readonly from?: string },
  text: string,
  file: FileEntry,
  tree: FileTree,
): NamedField | undefined {
  const { from, ...field } = one;
  if (from === undefined) return field;
  const path = new RegExp(`^\\s*${from}=(?:\`|\\$\\()cat\\s+(/[\\w./-]{1,200})(?:\`|\\))`, 'm').exec(text)?.[1];
  const root = tree.roots.find((other) => other.path === file.root);
  const entry = path === undefined || root === undefined ? undefined : tree.resolve(root, path);
  if (entry?.type !== 'file') return undefined;
  const plain = Buffer.from(tree.content(entry).read(0, 128)).toString('latin1').trim();
  return /^\S{1,64}$/.test(plain) ? { ...field, plain } : undefined;
}
