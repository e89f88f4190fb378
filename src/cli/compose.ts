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
import type { Threads } from '../core/network/sweep-threads.ts';
import { OPENING } from './open-image.ts';
import type { Recording } from './recording.ts';

export async function factTypes(): Promise<readonly FactType[]> {
  const vocabulary = await import('../facts/index.ts');
  return Object.values(vocabulary) satisfies readonly FactType[];
}

export async function openRegistry(): Promise<Registry> {
  const [probes, analyzers, inspectors, declarations, derivers] = await Promise.all([
    import('../plugins/probes/index.ts'),
    import('../plugins/analyzers/index.ts'),
    import('../plugins/inspectors/index.ts'),
    import('../plugins/declarations/index.ts'),
    import('../plugins/derivers/index.ts'),
  ]);
  return {
    opening: OPENING,
    probes: Object.values(probes) satisfies readonly Probe[],
    analyzers: Object.values(analyzers) satisfies readonly Analyzer[],
    inspectors: Object.values(inspectors) satisfies readonly Inspector[],
    declarations: Object.values(declarations) satisfies readonly DeclarationReader[],
    derivers: Object.values(derivers) satisfies readonly Deriver[],
  };
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
  const network = await import('../core/network/dialer.ts');
  return network.createDialer({ ...options, ...(record === undefined ? {} : { record }) });
}
