/** The library: shipped and further checks, baselines by reference, data tables by id. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, resolve as resolvePath } from 'node:path';
import { type Place, type Problem, UsageError } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Baseline, Check } from '../model/baseline.ts';
import type { FactType } from '../model/fact.ts';
import type { Keyword } from '../model/keyword.ts';
import { type Asset, openAssets } from './assets.ts';
import { type CheckSource, checksOf, compileCheck } from './check.ts';
import type { Vocabulary } from './condition.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { keyOf, overrideParameters } from './parameters.ts';
import type { FindCheck, RawBaseline } from './raw.ts';
import { resolve } from './resolve.ts';
import { shapeProblems } from './shape.ts';
import type { Complain, Path } from './value-test.ts';

/** A reference as users write it: `etsi-en-303-645@2.1.1`, `xiaomi-consumer-iot:medium`, `./ours.yaml:high`. */
export interface Reference {
  readonly id?: string;
  readonly path?: string;
  readonly version?: string;
  readonly level?: string;
}

export interface Words {
  readonly facts: readonly FactType[];
  readonly keywords: readonly Keyword[];
}

export interface Library {
  readonly assets: readonly Asset[];
  readonly vocabulary: Vocabulary;
  /** All known checks, shipped and of the baselines' own files, by id. */
  readonly checks: ReadonlyMap<string, CheckSource>;
  /** A data table of `baselines/knowledge/`. Throws when there is none of that id: gatherers and keywords name them in code. */
  knowledge(id: string): unknown;
  /** A baseline ready to judge. Throws UsageError with every mistake of its files. */
  baseline(reference: string): Promise<Baseline>;
  /** Resolves a document that was read already; mistakes are added to `problems`. */
  resolve(document: SourceDocument, level: string | undefined, problems: Problem[]): Promise<Baseline | undefined>;
  /** The check of an id with its default parameters. Throws UsageError when there is none. */
  check(id: string): Check;
}

export function parseReference(text: string): Reference {
  const looksLikePath = /[/\\]|\.ya?ml(:|$)/.test(text);
  const colon = text.lastIndexOf(':');
  // A drive letter or a path's own colon is no level: a level has no separator and no dot.
  const hasLevel = colon > 1 && /^[A-Za-z0-9_-]+$/.test(text.slice(colon + 1));
  const level = hasLevel ? { level: text.slice(colon + 1) } : {};
  const rest = hasLevel ? text.slice(0, colon) : text;
  if (looksLikePath) return { path: rest, ...level };
  const at = rest.indexOf('@');
  return at < 0 ? { id: rest, ...level } : { id: rest.slice(0, at), version: rest.slice(at + 1), ...level };
}

/** Opens what ships with assay for a vocabulary. */
export async function openLibrary(words: Words): Promise<Library> {
  return new OpenLibrary(await openAssets(), words);
}

/** A library of given documents. */
export const libraryOf = (assets: readonly Asset[], words: Words): Library => new OpenLibrary(assets, words);

const EXTENDS_LIMIT = 8;

/** Parameters of a reference, and where mistakes in them are told. */
interface Given {
  readonly values: Json;
  readonly path: Path;
  readonly complain: Complain;
}

/** The document that refers to another, and where in it. */
interface Referrer {
  readonly document: SourceDocument;
  readonly path: Path;
}

class OpenLibrary implements Library {
  readonly assets: readonly Asset[];
  readonly vocabulary: Vocabulary;
  readonly #checks = new Map<string, CheckSource>();
  #opened = false;
  readonly #compiled = new Map<string, { readonly check: Check; readonly problems: readonly Problem[] }>();
  readonly #tables = new Map<string, unknown>();

  constructor(assets: readonly Asset[], words: Words) {
    this.assets = assets;
    this.vocabulary = {
      facts: new Map(words.facts.map((type) => [type.name, type])),
      keywords: new Map(words.keywords.map((keyword) => [keyword.name, keyword])),
      knowledge: (id) => this.knowledge(id),
    };
  }

  /** Read when first asked for: who only gathers asks for none. */
  get checks(): ReadonlyMap<string, CheckSource> {
    if (!this.#opened) {
      this.#opened = true;
      for (const asset of this.assets) if (asset.kind === 'checks') this.#add(asset.open(), []);
    }
    return this.#checks;
  }

  knowledge(id: string): unknown {
    const known = this.#tables.get(id);
    if (known !== undefined) return known;
    const asset = this.assets.find((one) => one.kind === 'knowledge' && one.id === id);
    if (asset === undefined) throw new Error(`there is no data table '${id}'`);
    const table = asset.open().value;
    this.#tables.set(id, table);
    return table;
  }

  check(id: string): Check {
    const source = this.checks.get(id);
    if (source !== undefined) return this.#compile(source).check;
    throw new UsageError({ message: `there is no check '${id}'`, ...this.#hint(id) });
  }

  async baseline(reference: string): Promise<Baseline> {
    const problems: Problem[] = [];
    const baseline = await this.#refer(reference, problems, undefined, 0);
    if (baseline === undefined || problems.length > 0) throw new UsageError(problems);
    return baseline;
  }

  async resolve(
    document: SourceDocument,
    level: string | undefined,
    problems: Problem[],
  ): Promise<Baseline | undefined> {
    return this.#resolve(document, level, problems, 0);
  }

  async #refer(
    reference: string,
    problems: Problem[],
    from: Referrer | undefined,
    depth: number,
  ): Promise<Baseline | undefined> {
    const parsed = parseReference(reference);
    const document = await this.#open(parsed, reference, from?.document.file);
    if (depth > EXTENDS_LIMIT)
      throw new UsageError({ message: 'baselines extend each other in a circle', at: document.place(['extends']) });
    return this.#resolve(document, parsed.level, problems, depth, from?.document.place(from.path));
  }

  async #open({ id, path, version }: Reference, reference: string, from: string | undefined): Promise<SourceDocument> {
    if (path !== undefined) return readDocument(from === undefined ? path : resolvePath(dirname(from), path));
    const baselines = this.assets.filter((asset) => asset.kind === 'baseline');
    const editions = baselines.filter((asset) => asset.id === id).sort(byVersion);
    const found = version === undefined ? editions[0] : editions.find((asset) => asset.version === version);
    if (found !== undefined) return found.open();
    if (editions.length > 0) {
      const known = editions.map((asset) => asset.version ?? '').join(', ');
      throw new UsageError(`there is no edition '${version ?? ''}' of ${id ?? ''}`, `editions: ${known}`);
    }
    const ids = [...new Set(baselines.map((asset) => asset.id))];
    const hint =
      nearest(id ?? '', ids) ??
      (existsSync(reference) ? `for a file write ./${reference}` : `baselines: ${ids.join(', ')}`);
    throw new UsageError(`there is no baseline '${id ?? ''}'`, hint);
  }

  async #resolve(
    document: SourceDocument,
    level: string | undefined,
    problems: Problem[],
    depth: number,
    levelAt?: Place,
  ): Promise<Baseline | undefined> {
    const shipped = this.assets.some((asset) => asset.file === document.file && asset.sha256 === document.sha256);
    // What ships was checked when it was built.
    const misshapen = shipped ? [] : await shapeProblems('baseline', document);
    problems.push(...misshapen);
    if (misshapen.length > 0) return undefined;
    const raw = document.value as unknown as RawBaseline;
    const broken = problems.length;
    for (const [index, path] of (raw.uses ?? []).entries())
      await told(problems, { document, path: ['uses', index], reference: path }, () =>
        this.#use(resolvePath(dirname(document.file), path), problems),
      );
    const base = await this.#base(raw, document, problems, depth);
    if (raw.extends !== undefined && base === undefined) return undefined;
    // Checks of a file that could not be read would all be unknown.
    if (problems.length > broken && raw.uses !== undefined) return undefined;
    return resolve(document, {
      check: this.#finder(problems),
      problems,
      ...(base === undefined ? {} : { base }),
      ...(level === undefined ? {} : { level }),
      ...(levelAt === undefined ? {} : { levelAt }),
    });
  }

  /** The baseline that a document extends. */
  #base(
    raw: RawBaseline,
    document: SourceDocument,
    problems: Problem[],
    depth: number,
  ): Promise<Baseline | undefined> | undefined {
    if (raw.extends === undefined) return undefined;
    const { level } = parseReference(raw.extends);
    if (level !== undefined && raw.level !== undefined)
      problems.push({ message: `'extends' asks for level '${level}' already`, at: document.place(['level'], true) });
    const reference = level === undefined && raw.level !== undefined ? `${raw.extends}:${raw.level}` : raw.extends;
    const path = level === undefined && raw.level !== undefined ? ['level'] : ['extends'];
    return told(problems, { document, path: ['extends'], reference: raw.extends }, () =>
      this.#refer(reference, problems, { document, path }, depth + 1),
    );
  }

  async #use(path: string, problems: Problem[]): Promise<void> {
    if ([...this.checks.values()].some((source) => source.document.file === path)) return;
    const document = await readDocument(path);
    const misshapen = await shapeProblems('checks', document);
    problems.push(...misshapen);
    if (misshapen.length === 0) this.#add(document, problems);
  }

  #add(document: SourceDocument, problems: Problem[]): void {
    for (const source of checksOf(document)) {
      if (this.checks.has(source.id))
        problems.push({ message: `there is a check '${source.id}' already`, at: document.place(source.path) });
      else this.#checks.set(source.id, source);
    }
  }

  /** Finds checks for references; a broken check tells its own mistakes once. */
  #finder(problems: Problem[]): FindCheck {
    const told = new Set<string>();
    return (id, params, path, complain) => {
      const source = this.checks.get(id);
      if (source === undefined) {
        complain(path, `there is no check '${id}'`, this.#hint(id).hint);
        return undefined;
      }
      const given = params === undefined ? undefined : { values: params, path: [...path, 'params'], complain };
      const compiled = this.#compile(source, given);
      if (!told.has(id)) problems.push(...compiled.problems);
      told.add(id);
      return compiled.check;
    };
  }

  /** Compiles each check once for each set of parameters. */
  #compile(source: CheckSource, given?: Given): { readonly check: Check; readonly problems: readonly Problem[] } {
    const defaults = source.raw.params ?? {};
    const parameters =
      given === undefined ? defaults : overrideParameters(defaults, given.values, given.path, given.complain);
    const key = keyOf(source.id, parameters);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileCheck(source, this.vocabulary, parameters);
    this.#compiled.set(key, compiled);
    return compiled;
  }

  #hint(id: string): { readonly hint?: string } {
    const hint = nearest(id, [...this.checks.keys()]);
    return hint === undefined ? {} : { hint };
  }
}

/** What a reference leads to; where that cannot be read or is not there, the mistake stands where the reference does. */
async function told<T>(
  problems: Problem[],
  { document, path, reference }: Referrer & { readonly reference: string },
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    const at = document.place(path);
    for (const problem of thrown.problems) {
      // A mistake inside the other file has its own place.
      if (problem.at?.line !== undefined) problems.push(problem);
      else if (problem.at === undefined) problems.push({ ...problem, at });
      else
        problems.push({ message: `${reference}: ${problem.message}`, at, ...besides(problem.at.file, document.file) });
    }
    return undefined;
  }
}

/** The YAML file of the folder whose name is nearest to one that could not be read. */
function besides(missing: string, from: string): { readonly hint?: string } {
  try {
    const names = readdirSync(dirname(missing)).filter((name) => /\.ya?ml$/.test(name) && name !== basename(from));
    const hint = nearest(basename(missing), names);
    return hint === undefined ? {} : { hint };
  } catch {
    return {};
  }
}

/** Newest edition first: numbers inside are compared as numbers. Not by `localeCompare`, whose tables take long to load. */
function byVersion(a: Asset, b: Asset): number {
  const [left, right] = [partsOf(a.version), partsOf(b.version)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [mine = '', other = ''] = [left[at], right[at]];
    if (mine === other) continue;
    const difference = Number(other) - Number(mine);
    if (!Number.isNaN(difference) && difference !== 0) return difference;
    return mine < other ? 1 : -1;
  }
  return 0;
}
const partsOf = (version = ''): readonly string[] => version.split(/(\d+)/).filter((part) => part !== '');
