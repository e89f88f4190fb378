/** Boot loaders of an image, their environment, and the kernel command lines in it. U-Boot: CRC-32 and NUL-separated variables. */

import { wholeText } from '../../../codecs/formats/text-lines.ts';
import { newerOf, type StoredEnvironment, storedEnvironment } from '../../../codecs/formats/uboot-environment.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { bootEnvironment, bootLoader, bootVerification, kernelCommandLine } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { commandLineOf } from './command-line.ts';
import { fitKeysIn } from './fit-keys.ts';

const CHUNK = 1 << 20;
const SCAN = 1 << 30;
const ENVIRONMENT = 256 * 1024;
const SECRET = /(pass(word|wd)?|secret|psk|wifi_?key|token|private)/i;

export const bootLoaders: Analyzer = {
  id: 'boot/loader',
  title: 'Boot loaders and their environment',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [bootLoader, bootEnvironment, bootVerification, kernelCommandLine],
  wants: (file) =>
    file.type === 'file' &&
    ((file.root === undefined && file.size >= 512) ||
      /(^|\/)(u-?boot|uEnv\.txt|fw_env|extlinux\.conf|cmdline\.txt|grub\.cfg)/i.test(file.name)),
  observe(file, content, context) {
    if (/!uboot-environment\b[^!/]*$/.test(file.container) || /!uboot-environment\b[^!/]*$/.test(file.path)) {
      const stored = storedEnvironment(content.read(0, ENVIRONMENT));
      const list = held.get(context.tree) ?? [];
      held.set(context.tree, list);
      if (stored !== undefined && list.length < MOST_STORED) list.push({ file, ...stored });
    } else if (/(uEnv\.txt)$/.test(file.name)) {
      const text = wholeText(content, ENVIRONMENT) ?? '';
      tellEnvironment(file, Buffer.from(text.replaceAll('\n', '\0'), 'latin1'), { source: 'config' }, context);
    } else if (/(extlinux\.conf|cmdline\.txt)$/.test(file.name))
      tellCommandLines(wholeText(content, ENVIRONMENT) ?? '', file, context);
    else scan(file, content, context);
  },
  finish(context) {
    const list = held.get(context.tree) ?? [];
    held.delete(context.tree);
    if (list.length === MOST_STORED)
      context.gap({ kind: 'over-budget', message: `only ${MOST_STORED} stored environments were read` });
    for (const { one, copy } of inForce(list))
      tellEnvironment(one.file, one.variables, { source: 'partition', valid: true, copy }, context);
  },
};

type Copy = 'single' | 'active' | 'unknown';
interface Stored extends StoredEnvironment {
  readonly file: FileEntry;
}
const held = new WeakMap<FileTree, Stored[]>();
const MOST_STORED = 200;

/** Copies of one size beside each other are a pair, of which the loader reads one; what the other says does not hold. */
function inForce(list: readonly Stored[]): readonly { readonly one: Stored; readonly copy: Copy }[] {
  const pairs = new Map<string, Stored[]>();
  for (const one of list) {
    const place = one.file.path.slice(0, one.file.path.lastIndexOf('!'));
    const key = one.flag === undefined ? one.file.path : `${place} ${one.variables.length}`;
    pairs.set(key, [...(pairs.get(key) ?? []), one]);
  }
  return [...pairs.values()].flatMap((copies): readonly { readonly one: Stored; readonly copy: Copy }[] => {
    const [first, second] = copies;
    if (first?.flag === undefined) return copies.map((one) => ({ one, copy: 'single' }));
    if (second?.flag === undefined) return [{ one: first, copy: 'active' as const }];
    if (copies.length > 2) return copies.map((one) => ({ one, copy: 'unknown' }));
    return [{ one: newerOf(first.flag, second.flag) === 0 ? first : second, copy: 'active' as const }];
  });
}

/** Finds `U-Boot 20xx.yy` and the built-in environment that carries `bootdelay=`. */
function scan(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  let version: string | undefined;
  let environment: Uint8Array | undefined;
  for (
    let at = 0;
    at < Math.min(content.size, SCAN) && (version === undefined || environment === undefined);
    at += CHUNK
  ) {
    const bytes = Buffer.from(content.read(at, CHUNK + ENVIRONMENT));
    version ??= versionIn(bytes);
    environment ??= builtIn(bytes);
  }
  if (version === undefined) {
    if (content.size > SCAN) throw new FaultError('over-budget', `only the first ${SCAN >> 20} MiB were searched`);
    return;
  }
  context.emit(
    bootLoader,
    { name: 'u-boot', version, file: file.name, verifies: verifies(content) },
    { subject: { kind: 'file', path: file.path } },
  );
  if (environment !== undefined) tellEnvironment(file, environment, { source: 'built-in' }, context);
}

/** By its bootdelay; loaders that keep that number elsewhere have a bootcmd amid other variables. */
function builtIn(bytes: Buffer): Uint8Array | undefined {
  for (const [name, least] of [
    ['bootdelay=', 1],
    ['\0bootcmd=', 3],
  ] as const) {
    const place = bytes.indexOf(name);
    if (place < 0 || place >= CHUNK) continue;
    const around = variablesAround(bytes, place + (name.startsWith('\0') ? 1 : 0));
    if (variablesOf(around).size >= least) return around;
  }
  return undefined;
}

/** A key that the loader demands shows that it verifies; without one the chip may still do so. */
const verifies = (content: Blob): 'yes' | 'unknown' =>
  fitKeysIn(content)?.some(({ required }) => required !== undefined) === true ? 'yes' : 'unknown';

function versionIn(bytes: Buffer): string | undefined {
  for (let at = bytes.indexOf('U-Boot '); at >= 0; at = bytes.indexOf('U-Boot ', at + 1)) {
    const version = /^U-Boot (?:SPL )?(\d{4}\.\d{2}[\w.-]*|1\.\d\.\d[\w.-]*)/.exec(
      bytes.subarray(at, at + 64).toString('latin1'),
    )?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

/** From the NUL-separated variables around one of them: back to the first, on to the empty one. */
function variablesAround(bytes: Buffer, place: number): Uint8Array {
  let start = place;
  while (start > 0 && place - start < 16_384) {
    const before = bytes.lastIndexOf(0, start - 2);
    if (before < 0 || !/^[\w.-]+=/.test(bytes.subarray(before + 1, start).toString('latin1'))) break;
    start = before + 1;
  }
  const end = bytes.indexOf('\0\0', place);
  return bytes.subarray(start, end < 0 ? Math.min(bytes.length, place + 16_384) : end);
}

function variablesOf(bytes: Uint8Array): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const text = Buffer.from(bytes).toString('latin1');
  for (const item of text.split('\0').slice(0, 5000)) {
    const equals = item.indexOf('=');
    const name = item.slice(0, equals).replace(/^[^\w]*/, '');
    if (equals > 0 && /^[\w.-]{1,64}$/.test(name)) variables.set(name, item.slice(equals + 1, equals + 4096));
  }
  return variables;
}

function tellEnvironment(
  file: FileEntry,
  bytes: Uint8Array,
  told: { readonly source: 'partition' | 'built-in' | 'config'; readonly valid?: boolean; readonly copy?: Copy },
  context: AnalyzerContext,
): void {
  const variables = variablesOf(bytes);
  if (variables.size < 2) return;
  const delay = /^-?\d{1,4}$/.test(variables.get('bootdelay') ?? '') ? Number(variables.get('bootdelay')) : undefined;
  const commands = commandsOf(variables);
  const console = variables.get('console');
  context.emit(
    bootEnvironment,
    {
      file: file.name,
      ...told,
      ...(delay === undefined ? {} : { bootdelay: delay }),
      interruptible: delay === undefined ? 'unknown' : delay === -2 ? 'no' : 'yes',
      silent: (variables.get('silent') ?? '') !== '',
      ...otherSources(commands, variables),
      ...(console === undefined ? {} : { console: console.slice(0, 100) }),
      secrets: secretsIn(variables),
    },
    { subject: { kind: 'file', path: `${file.path}#environment` } },
  );
  tellVerify(variables, file, context);
  for (const line of bootArguments(commands, variables))
    tellCommandLine(expanded(line, variables), `bootargs of ${file.name}`, file, context);
}

const bootArguments = (commands: string, variables: ReadonlyMap<string, string>): readonly string[] => {
  const set = [...commands.matchAll(SET_BOOTARGS)].map((match) => match[1]);
  return [...new Set([variables.get('bootargs'), ...set])].filter((line) => line !== undefined).slice(0, 16);
};

/** Boot commands may put the command line together themselves. */
const SET_BOOTARGS = /\bsetenv\s+bootargs\s+([^;\n]{1,1000})/g;

const secretsIn = (variables: ReadonlyMap<string, string>): string[] =>
  [...variables]
    .filter(([name, value]) => SECRET.test(name) && value.length > 3)
    .map(([name]) => name)
    .slice(0, 20);

/** All that the boot commands come to. */
const commandsOf = (variables: ReadonlyMap<string, string>): string =>
  ['bootcmd', 'altbootcmd', 'preboot'].map((name) => expanded(variables.get(name) ?? '', variables)).join(' ; ');

/**
 * Where they look beside the flash; the usual ones of distributions go through the places that one variable names. `mmc` is
 * a card in a slot as well as memory that is soldered in, from which most devices start.
 */
function otherSources(
  commands: string,
  variables: ReadonlyMap<string, string>,
): { readonly otherBoot: string[]; readonly card: 'no' | 'unknown' } {
  const usual = /\bdistro_bootcmd\b|boot_targets/.test(variables.get('bootcmd') ?? '');
  const targets = usual ? (variables.get('boot_targets') ?? '') : '';
  const found = new Set([...`${commands} ${targets}`.matchAll(OTHER_BOOT)].map((match) => match[1] ?? ''));
  return { otherBoot: [...found].filter((one) => one !== 'mmc'), card: found.has('mmc') ? 'unknown' : 'no' };
}

function tellVerify(variables: ReadonlyMap<string, string>, file: FileEntry, context: AnalyzerContext): void {
  // env_get_yesno: what does not begin with 1, y or t means no.
  const verify = variables.get('verify') ?? 'yes';
  if (/^[^1yYtT]/.test(verify))
    context.emit(
      bootVerification,
      {
        kind: 'fit-signature',
        present: false,
        file: file.name,
        detail: `verify=${verify.slice(0, 8)}: bootm checks no image`,
      },
      { subject: { kind: 'file', path: `${file.path}#verify` } },
    );
}

const OTHER_BOOT =
  /\b(tftp|tftpboot|dhcp|bootp|pxe|usb|nfs|loady|loadb|loadx|mmc|sata|scsi|fastboot|dfu)(?:\d{0,2})\b/g;

/** `run x` and `${x}`, what they stand for too, within bounds. */
function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  let whole = text.slice(0, EXPANDED);
  for (let turn = 0; turn < 4; turn += 1) {
    const before = whole;
    whole = before
      .replace(/\brun\s+([\w ]+)|\$\{(\w+)\}/g, (match, run: string | undefined, name: string | undefined) =>
        run === undefined
          ? (variables.get(name ?? '') ?? match)
          : run
              .trim()
              .split(/\s+/)
              .map((one) => variables.get(one) ?? `run ${one}`)
              .join(' ; '),
      )
      .slice(0, EXPANDED);
    if (whole === before) break;
  }
  return whole;
}
const EXPANDED = 8192;

function tellCommandLines(text: string, file: FileEntry, context: AnalyzerContext): void {
  const lines = /cmdline\.txt$/.test(file.name)
    ? [text.trim()]
    : [...text.matchAll(/^\s*append\s+(.+)$/gim)].map((match) => match[1] ?? '');
  for (const line of lines.slice(0, 20)) tellCommandLine(line, file.name, file, context);
}

function tellCommandLine(line: string, source: string, file: FileEntry, context: AnalyzerContext): void {
  const told = commandLineOf(line, source);
  context.emit(
    kernelCommandLine,
    { ...told, consoles: [...told.consoles], weakens: [...told.weakens] },
    { subject: { kind: 'file', path: `${file.path}#command-line` } },
  );
  if (told.verity)
    context.emit(
      bootVerification,
      { kind: 'dm-verity', present: true, file: file.name, detail: `${source} names dm-verity` },
      { subject: { kind: 'file', path: `${file.path}#dm-verity` } },
    );
}
