/** The composition root: the only place that joins registries, knowledge, doors and the core. Everything is loaded when it is needed. */
import type { Registry } from '../core/assessment/plan.ts';
import type { Library } from '../core/baseline/library.ts';
import type { FactType } from '../core/model/fact.ts';
import type { Analyzer, DeclarationReader, Deriver, Inspector, Probe } from '../core/model/gatherer.ts';
import type { Keyword } from '../core/model/keyword.ts';
import type { Dialer } from '../core/model/network.ts';
import type { Exporter, Reporter } from '../core/model/renderer.ts';
import type { Unpacker } from '../core/model/unpacker.ts';
import type { Verifier } from '../core/model/verifier.ts';
import { NOBODY } from '../core/network/nobody.ts';
import type { Threads } from '../core/network/sweep-threads.ts';
import { described, type Gatherers, KINDS, type Kind } from './gatherers.ts';
import { OPENING } from './open-image.ts';
import type { Recording } from './recording.ts';

export async function factTypes(): Promise<readonly FactType[]> {
  const vocabulary = await import('../facts/index.ts');
  return Object.values(vocabulary) satisfies readonly FactType[];
}

const LOADS: { readonly [K in Kind]: () => Promise<Gatherers[K]> } = {
  probes: async () => Object.values(await import('../plugins/probes/index.ts')) satisfies readonly Probe[],
  analyzers: async () => Object.values(await import('../plugins/analyzers/index.ts')) satisfies readonly Analyzer[],
  inspectors: async () => Object.values(await import('../plugins/inspectors/index.ts')) satisfies readonly Inspector[],
  declarations: async () =>
    Object.values(await import('../plugins/declarations/index.ts')) satisfies readonly DeclarationReader[],
  derivers: async () => Object.values(await import('../plugins/derivers/index.ts')) satisfies readonly Deriver[],
};

/** Every gatherer. Those of `runs` can be run; the others can only be told of, where the build has described them. */
export async function openRegistry(runs: ReadonlySet<Kind> = new Set(KINDS)): Promise<Registry> {
  const known = runs.size === KINDS.length ? undefined : described(await factTypes());
  const take = async <K extends Kind>(kind: K): Promise<Gatherers[K]> =>
    known === undefined || runs.has(kind) ? LOADS[kind]() : known[kind];
  const [probes, analyzers, inspectors, declarations, derivers] = await Promise.all([
    take('probes'),
    take('analyzers'),
    take('inspectors'),
    take('declarations'),
    take('derivers'),
  ]);
  return { opening: OPENING, probes, analyzers, inspectors, declarations, derivers };
}

export async function unpackers(): Promise<readonly Unpacker[]> {
  return Object.values(await import('../plugins/unpackers/index.ts')) satisfies readonly Unpacker[];
}
export async function verifiers(): Promise<readonly Verifier[]> {
  return Object.values(await import('../plugins/verifiers/index.ts')) satisfies readonly Verifier[];
}
export async function keywords(): Promise<readonly Keyword[]> {
  return Object.values(await import('../plugins/keywords/index.ts')) satisfies readonly Keyword[];
}
export async function reporters(): Promise<readonly Reporter[]> {
  return Object.values(await import('../plugins/reporters/index.ts')) satisfies readonly Reporter[];
}
export async function exporters(): Promise<readonly Exporter[]> {
  return Object.values(await import('../plugins/exporters/index.ts')) satisfies readonly Exporter[];
}

/** What ships with assay: checks, baselines and data tables, over the vocabulary and the keywords. */
export async function library(): Promise<Library> {
  const { openLibrary } = await import('../core/baseline/library.ts');
  return openLibrary({ facts: await factTypes(), keywords: await keywords() });
}

/** The door to the target's hosts, or to a recording of it. */
export async function createDialer(options: {
  readonly hosts: readonly string[];
  readonly pace: 'gentle' | 'normal' | 'fast';
  readonly authorized: boolean;
  readonly recording: Recording;
  readonly threads: Threads;
}): Promise<Dialer> {
  const { record, lines } = options.recording;
  if (lines !== undefined) return (await import('../core/network/replay.ts')).replayDialer(lines);
  if (options.hosts.length === 0 && record === undefined) return NOBODY;
  const network = await import('../core/network/dialer.ts');
  return network.createDialer({ ...options, ...(record === undefined ? {} : { record }) });
}
