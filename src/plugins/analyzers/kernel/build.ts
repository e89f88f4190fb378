/** The kernel of an image: its version and whether the series still gets fixes, its build options, its modules' signatures. */

import { moduleSignature } from '../../../codecs/formats/module-signature.ts';
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { kernelModule, kernelOption, kernelVersion } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

interface SeriesTable {
  readonly series: { readonly [series: string]: string };
}
interface OptionTable {
  readonly options: readonly {
    readonly option: string;
    readonly expected: string;
    readonly group: 'memory' | 'modules' | 'debug' | 'confinement' | 'network' | 'attack-surface';
    /** Its name in older kernels. */
    readonly formerly?: string;
    /** What it protects is not there without this option: no modules, nothing to be signed. */
    readonly protects?: string;
    /** An option that leaves nothing of the risk worth a finding. */
    readonly tamedBy?: string;
  }[];
}

const BANNER = Buffer.from('Linux version ');
const CHUNK = 1 << 20;
const SCAN = 1 << 30;
const CONFIGURATION = 4 << 20;

interface Modules {
  modules: number;
  signed: number;
  readonly without: string[];
  readonly hashes: Set<string>;
  readonly signers: Set<string>;
}
/** So many names are told. */
const NAMES = 8;
const modules = new WeakMap<AnalyzerContext['tree'], Map<string, Modules>>();
const versions = new WeakMap<AnalyzerContext['tree'], Set<string>>();

export const kernelBuild: Analyzer = {
  id: 'kernel/build',
  title: 'Kernel version, build options and module signatures',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [kernelVersion, kernelOption, kernelModule],
  wants: (file) =>
    file.type === 'file' &&
    (isModule(file) ||
      isConfiguration(file) ||
      (file.size >= 4096 && (file.root === undefined || /^\/boot\//.test(file.name)))),
  observe(file, content, context) {
    if (isModule(file)) countModule(file, content, context);
    else if (isConfiguration(file)) readConfiguration(file, content, context);
    else {
      const banner = bannerIn(content);
      if (banner === undefined && content.size > SCAN)
        throw new FaultError('over-budget', 'the file is too large to be searched to its end');
      if (banner !== undefined) tellVersion(banner, 'banner', file.path, file.name, context);
    }
  },
  finish(context) {
    for (const [root, counts] of modules.get(context.tree) ?? []) tellModules(root, counts, context);
    for (const root of context.tree.roots) {
      for (const entry of context.tree.list(root, '/lib/modules')) {
        const name = entry.name.slice(entry.name.lastIndexOf('/') + 1);
        if (entry.type === 'directory' && /^\d+\.\d+/.test(name))
          tellVersion(name, 'modules', entry.path, entry.name, context);
      }
    }
    modules.delete(context.tree);
    versions.delete(context.tree);
  },
};

/** Kernels unpack these themselves; the signature lies within. */
const PACKED = /\.ko\.(gz|xz|zst)$/;
const isModule = (file: FileEntry): boolean => /\.ko$/.test(file.name) || PACKED.test(file.name);
const isConfiguration = (file: FileEntry): boolean =>
  /(^|\/)(ikconfig|config-\d[\w.-]*|config\.gz-unpacked)$/.test(file.name);

function countModule(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  if (PACKED.test(file.name)) {
    context.gap(
      { kind: 'unsupported', message: 'a packed module was not looked into for a signature' },
      { facts: [kernelModule] },
    );
    return;
  }
  const byRoot = modules.get(context.tree) ?? new Map<string, Modules>();
  modules.set(context.tree, byRoot);
  const place = file.root ?? file.container;
  const counts = byRoot.get(place) ?? { modules: 0, signed: 0, without: [], hashes: new Set(), signers: new Set() };
  byRoot.set(place, counts);
  counts.modules += 1;
  const signature = moduleSignature(content);
  if (signature === undefined) {
    if (counts.without.length < NAMES) counts.without.push(file.name);
    return;
  }
  counts.signed += 1;
  if (counts.hashes.size < NAMES) counts.hashes.add(signature.hash);
  if (counts.signers.size < NAMES) counts.signers.add(signature.signer);
}

function tellModules(root: string, counts: Modules, context: AnalyzerContext): void {
  const { modules: all, signed, without, hashes, signers } = counts;
  context.emit(
    kernelModule,
    { modules: all, signed, unsigned: all - signed, without, hashes: [...hashes], signers: [...signers] },
    { subject: { kind: 'file', path: root } },
  );
}

/** The first banner with a number; the one in the format string of the source has none. */
function bannerIn(content: Blob): string | undefined {
  for (let at = 0; at < Math.min(content.size, SCAN); at += CHUNK) {
    const bytes = Buffer.from(content.read(at, CHUNK + 256));
    for (let place = bytes.indexOf(BANNER); place >= 0; place = bytes.indexOf(BANNER, place + 1)) {
      // Who built it stands behind the version; a text that speaks of one goes on otherwise.
      const version = /^Linux version (\d+\.\d+[\w.+-]*) \(/.exec(
        bytes.subarray(place, place + 96).toString('latin1'),
      )?.[1];
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

function tellVersion(
  version: string,
  source: 'banner' | 'modules',
  path: string,
  file: string,
  context: AnalyzerContext,
): void {
  const told = versions.get(context.tree) ?? new Set<string>();
  versions.set(context.tree, told);
  const key = `${version} ${source === 'modules' ? path : 'banner'}`;
  if (told.has(key)) return;
  told.add(key);
  const series = seriesOf(version);
  const { series: table } = context.knowledge('kernel-series') as SeriesTable;
  const endOfLife = table[series];
  context.emit(
    kernelVersion,
    {
      version,
      series,
      source,
      file,
      ...(endOfLife === undefined ? {} : { endOfLife }),
      supported: endOfLife === undefined ? 'unknown' : endOfLife >= context.settings.now.slice(0, 10) ? 'yes' : 'no',
    },
    { subject: { kind: 'file', path } },
  );
}

/** Two numbers from 3.0 on, three before. */
function seriesOf(version: string): string {
  const [major = '', minor = '', patch = ''] = version.split(/[.-]/);
  return Number(major) < 3 ? `${major}.${minor}.${patch}` : `${major}.${minor}`;
}

function readConfiguration(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  const text = wholeText(content, CONFIGURATION);
  if (text === undefined) return;
  const values = valuesOf(text);
  if (values.size < 50) return;
  const { options } = context.knowledge('kernel-options') as OptionTable;
  for (const { option, expected, group, formerly = option, protects, tamedBy } of options) {
    const value = values.get(option) ?? values.get(formerly) ?? 'n';
    const idle = (protects !== undefined && !values.has(protects)) || (tamedBy !== undefined && values.has(tamedBy));
    const subject = { kind: 'file', path: `${file.path}#${option}` } as const;
    context.emit(
      kernelOption,
      { option, value, expected, holds: idle || holdsAs(value, expected), group, file: file.name },
      { subject },
    );
  }
  const version = /^# Linux\/\S+ (\d+\.\d+[\w.+-]*) Kernel Configuration/m.exec(text)?.[1];
  if (version !== undefined) tellVersion(version, 'banner', file.path, file.name, context);
}

function valuesOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    if (set !== null) values.set(set[1] ?? '', (set[2] ?? '').slice(0, 100));
  }
  return values;
}

/** A module counts as built in: it can be loaded. */
const holdsAs = (value: string, expected: string): boolean =>
  expected === 'y' ? value === 'y' || value === 'm' : value === expected;
