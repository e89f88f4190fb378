/** An image in memory: a FileTree with one root from a record of path → content, and a runner for analyzers. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { run as crack } from '../../src/codecs/formats/crypt-job.ts';
import { readFile } from '../../src/core/assessment/read-file.ts';
import { Read } from '../../src/core/assessment/reading.ts';
import type { Fact, FactType, Gap, Unseen } from '../../src/core/model/fact.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../src/core/model/files.ts';
import type { Analyzer, AnalyzerContext, Settings } from '../../src/core/model/gatherer.ts';
import type { Subject } from '../../src/core/model/target.ts';
import { type Blob, memoryBlob } from '../../src/lib/blob.ts';
import { faultOf } from '../../src/lib/fault.ts';
import { Words } from '../../src/lib/words.ts';
import { aView } from './facts.ts';
import { SETTINGS } from './probe.ts';

export interface Made {
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly uid?: number;
  /** Makes it a symlink. */
  readonly target?: string;
}
export type Files = { readonly [name: string]: string | Uint8Array | Made };

const made = (given: string | Uint8Array | Made): Made =>
  typeof given === 'string' || given instanceof Uint8Array ? { content: given } : given;

/** Start scripts lie there to be run; everything else is 0644 unless said. */
export const modeOf = (name: string): number =>
  /\/(init\d?\.d|rc\w?\.d|sv|services\.d)\/|\/(rc\w*|init|linuxrc)$/.test(name) ? 0o755 : 0o644;

/** A tree whose only container `fw` is a root file system. */
export function treeOf(files: Files, options: { readonly keepsModes?: boolean } = {}): FileTree {
  const container = 'fw.bin!squashfs';
  const root: RootFileSystem = { path: container, prefix: '/', keepsModes: options.keepsModes ?? true };
  const contents = new Map<string, Uint8Array>();
  const entries = new Map<string, FileEntry>();
  for (const [name, given] of Object.entries(files)) {
    const { content = '', mode = modeOf(name), uid = 0, target } = made(given);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const path = container + name;
    contents.set(path, bytes);
    const common = { path, container, name, size: bytes.length, mode, uid, gid: 0, root: container };
    entries.set(path, target === undefined ? { ...common, type: 'file' } : { ...common, type: 'symlink', target });
  }
  const resolve = (name: string, left = 40): FileEntry | undefined => {
    const parts = name.split('/').filter((part) => part !== '');
    let at = '';
    for (const [index, part] of parts.entries()) {
      at = part === '..' ? at.slice(0, Math.max(0, at.lastIndexOf('/'))) : part === '.' ? at : `${at}/${part}`;
      const entry = entries.get(container + at);
      if (entry?.target === undefined) continue;
      const base = entry.target.startsWith('/') ? '' : at.slice(0, at.lastIndexOf('/'));
      return left === 0 ? undefined : resolve([base, entry.target, ...parts.slice(index + 1)].join('/'), left - 1);
    }
    return entries.get(container + at);
  };
  return {
    image: 'fw.bin',
    roots: [root],
    entries: () => entries.values(),
    get: (path) => entries.get(path),
    resolve: (_root, name) => resolve(name),
    list: (_root, name) =>
      [...entries.values()].filter(
        (entry) => entry.name.slice(0, entry.name.lastIndexOf('/')) === (name === '/' ? '' : name),
      ),
    content: (entry) => memoryBlob(contents.get(entry.path) ?? new Uint8Array(0)),
  };
}

export interface Analysis {
  readonly facts: readonly Fact[];
  readonly gaps: readonly { readonly unseen: Unseen; readonly facts: readonly string[]; readonly scope: Subject }[];
  of<T>(type: FactType<T>): readonly T[];
}

/** Runs analyzers in the given order over a tree, each seeing the facts and gaps of those before it. */
export async function analyze(
  analyzers: readonly Analyzer[],
  tree: FileTree,
  settings: Partial<Settings> = {},
): Promise<Analysis> {
  const facts: Fact[] = [];
  const gaps: Gap[] = [];
  for (const analyzer of analyzers) {
    for (const entry of tree.entries()) {
      if (!analyzer.wants(entry)) continue;
      const subject: Subject = { kind: 'file', path: entry.path };
      const content = tree.content(entry);
      const context = {
        ...contextOf(analyzer, tree, subject, settings, facts, gaps),
        places: placesIn(analyzer, tree, content),
      };
      try {
        await analyzer.observe(entry, content, context);
      } catch (thrown) {
        context.gap(faultOf(thrown));
      }
    }
    await analyzer.finish?.(contextOf(analyzer, tree, { kind: 'image', image: tree.image }, settings, facts, gaps));
  }
  return {
    facts,
    gaps,
    of: <T>(type: FactType<T>) => facts.filter((fact) => fact.type === type.name).map((fact) => fact.data as T),
  };
}

/** As the engine finds them while it reads a file. */
export function placesIn(analyzer: Analyzer, tree: FileTree, content: Blob): AnalyzerContext['places'] {
  const words = analyzer.words?.(tree) ?? [];
  const read = new Read(readFile(content, new Words(words)), content);
  return (word) => {
    const number = words.indexOf(word);
    if (number < 0) throw new Error(`"${word}" is none of its words`);
    return read.places(number);
  };
}

let serial = 0;

function contextOf(
  analyzer: Analyzer,
  tree: FileTree,
  subject: Subject,
  settings: Partial<Settings>,
  facts: Fact[],
  gaps: Gap[],
): AnalyzerContext {
  const source = analyzer.id;
  return {
    get facts() {
      return aView(facts, gaps);
    },
    signal: new AbortController().signal,
    settings: { ...SETTINGS, crackSeconds: 3600, ...settings },
    tree,
    knowledge: (id) => parse(readFileSync(new URL(`../../baselines/knowledge/${id}.yaml`, import.meta.url), 'utf8')),
    job: (name, input) => {
      if (name !== 'crack') throw new Error(`no job ${name}`);
      return crack(input);
    },
    emit: (type, data, grounds = {}) => {
      serial += 1;
      const fact = {
        id: `${type.name}-${serial}`,
        type: type.name,
        subject: grounds.subject ?? subject,
        data,
        method: analyzer.method,
        source,
        observedAt: SETTINGS.now,
        evidence: grounds.evidence ?? [],
        derivedFrom: (grounds.derivedFrom ?? []).map((one) => one.id),
        ...(grounds.where === undefined ? {} : { where: grounds.where }),
      };
      facts.push(fact);
      return fact;
    },
    progress: () => {},
    places: () => ({ at: [] }),
    gap: (unseen, options = {}) => {
      const open = (options.facts ?? analyzer.produces).map((type) => type.name);
      gaps.push({
        source,
        scope: options.scope ?? subject,
        area: options.area ?? 'root-file-system',
        facts: open,
        unseen,
      });
    },
    keep: (bytes, mediaType) => ({ sha256: '', mediaType, size: bytes.length }),
  };
}
