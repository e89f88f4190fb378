/** Passwords that scripts of an image set or hand to a server, and that its settings preset. */
import { busyboxLine, presetLine, scriptLine } from '../../../codecs/formats/preset-passwords.ts';
import type { NamedField } from '../../../codecs/formats/shadow.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { StoredPassword } from './stored.ts';

const PLACES =
  /^\/(etc|etc_ro|usr\/etc|default|defaults|config|mnt|home|opt|usr\/local\/etc|userfs|fhrom|tmp|var|flash)\//;
const SETTINGS =
  /(^|[/._-])(nvram|defaults?|default_?(config|settings|nvram)|factory|factory_?default|settings?|config|backup|system|rtconfig|romfile|webs?|users?|account|umconfig)([._-]?[\w-]{0,24})?(\.(conf|cfg|ini|xml|txt|dat|nvram|default|def|prop))?$/i;
const MOST = 200;

/** NVRAM lies in flash beside the root file system, not in it. */
const isNvram = (file: FileEntry): boolean => /!broadcom-nvram\b[^!/]*\/nvram$/.test(file.path);

/** Settings files that may preset the passwords of the management interface, by name and place. */
export const mayPreset = (file: FileEntry): boolean => isNvram(file) || isSettings(file);

const isSettings = (file: FileEntry): boolean =>
  file.type === 'file' &&
  file.root !== undefined &&
  file.size > 0 &&
  (/^\/etc\/httpd\.conf$/.test(file.name) || (PLACES.test(file.name) && SETTINGS.test(file.name))) &&
  !/\/(init\.d|rc\d?\.d|ssl|pam\.d|udev|terminfo|systemd|apt|dpkg|opkg|modules?|firmware|zoneinfo|doc)\//.test(
    file.name,
  ) &&
  !/\.(js|css|html?|png|gif|jpe?g|svg|so|ko|php|lua|py|pyc|sh|cgi|md|po|mo|pem|crt|key)$/i.test(file.name);

/** What the lines of a text preset; `script` reads commands, else settings. */
export function writtenIn(text: string, file: FileEntry, tree: FileTree, script: boolean): readonly StoredPassword[] {
  const found: StoredPassword[] = [];
  const read = script ? scriptLine : /\/httpd\.conf$/.test(file.name) ? busyboxLine : presetLine;
  for (const [index, line] of text.split('\n').entries()) {
    const one = read(line);
    const field = one === undefined ? undefined : settled(one, text, file, tree);
    if (field === undefined || found.length === MOST) continue;
    const { account, ...value } = field;
    const shared = { account, value, file, line: index + 1, forcedChange: false };
    found.push({ ...shared, ...(script ? { database: 'other', system: true } : { database: 'config' }) });
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
