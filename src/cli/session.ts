/** The stages in a row: plan and gather into a dossier, judge facts into a report. */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, readsOf, type Words } from '../core/assessment/evaluate.ts';
import { type Doors, gather } from '../core/assessment/gather.ts';
import { feedings, gapsOf, type Plan, plan, type Registry } from '../core/assessment/plan.ts';
import { relationsOf } from '../core/assessment/relations.ts';
import type { Asset } from '../core/baseline/assets.ts';
import type { Library } from '../core/baseline/library.ts';
import {
  createDossier,
  type DossierHead,
  type DossierWriter,
  EVIDENCE,
  type GathererRecord,
} from '../core/evidence/dossier.ts';
import { createRedactor } from '../core/evidence/redact.ts';
import { createEvidenceStore, type EvidenceStore } from '../core/evidence/store.ts';
import type { Baseline, Waiver } from '../core/model/baseline.ts';
import type { Listener } from '../core/model/event.ts';
import type { EvidenceRef, Fact, Gap } from '../core/model/fact.ts';
import type { Input, Report } from '../core/model/report.ts';
import { verifyArtefact } from '../core/updates/verify.ts';
import { featurePresent, imageCoverage, imageRegion } from '../facts/index.ts';
import { tell } from '../facts/phrases/index.ts';
import { type Blob, memoryBlob, openBlob } from '../lib/blob.ts';
import { createDialer, unpackers, verifiers } from './compose.ts';
import { statementsOf } from './declaration.ts';
import { openImage } from './open-image.ts';
import type { GatherOptions } from './options.ts';
import { openPool } from './pool.ts';
import { givenOf, type Prepared } from './prepare.ts';
import type { Recording } from './recording.ts';
import { sampleKeyTables } from './sample-keys.ts';
import { version } from './version.ts';

const WORDS: Words = { feature: featurePresent.name, imageCoverage: imageCoverage.name, imageRegion: imageRegion.name };

/** What was gathered, in memory: a dossier read back has the same shape. */
export interface Seen {
  readonly head: Omit<DossierHead, 'schema' | 'digests'>;
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  open(evidence: EvidenceRef): Blob;
}

export interface GatherTask {
  readonly prepared: Prepared;
  readonly options: GatherOptions;
  /** Clock and network of the run. */
  readonly recording: Recording;
  readonly registry: Registry;
  readonly library: Library;
  /** Baselines whose facts are wanted; all facts where there is none. */
  readonly baselines?: readonly Baseline[];
  readonly listen: Listener;
  readonly signal: AbortSignal;
}

export async function gatherProduct(task: GatherTask): Promise<Seen> {
  const { prepared, registry, options } = task;
  const wanted = task.baselines === undefined ? 'all' : readsOf(task.baselines, WORDS);
  const only = options.only.length === 0 ? undefined : new Set(options.only);
  const planned = plan(registry, wanted, prepared.given, only);
  const tables = new Map<string, Asset>();
  const head = headOf(prepared);
  const dossier = options.out === undefined ? undefined : createDossier(options.out, head);
  const evidence = createEvidenceStore(
    createRedactor(randomBytes(16)),
    options.out === undefined ? undefined : join(options.out, EVIDENCE),
  );
  const { doors, close } = await openDoors(task, evidence, tables);
  try {
    const seen = await gather({
      target: prepared.target,
      registry,
      plan: planned,
      settings: prepared.settings,
      doors,
      signal: task.signal,
      listen: task.listen,
      ...(dossier === undefined ? {} : { log: dossier }),
    });
    const gatherers = seen.gatherers.map((status) => ({ ...status, produces: producedBy(registry, status.id) }));
    const inputs = unite(head.inputs, [...tables.values()].map(knowledgeInput));
    const last = { ...head, complete: true, gatherers, inputs };
    finish(dossier, last);
    return { head: last, facts: seen.facts, gaps: seen.gaps, open: (one) => evidence.open(one) };
  } finally {
    await close();
  }
}

function finish(dossier: DossierWriter | undefined, { complete: _, ...head }: Seen['head']): void {
  dossier?.finish(head);
}

function headOf(prepared: Prepared): Seen['head'] {
  return {
    tool: { name: 'assay', version: version() },
    target: prepared.target,
    scope: prepared.scope,
    gatheredAt: prepared.startedAt,
    complete: false,
    inputs: prepared.inputs,
    gatherers: [],
    ...(prepared.declaration === undefined ? {} : { declaration: prepared.declaration }),
  };
}

function producedBy(registry: Registry, id: string): readonly string[] {
  const found = feedings(registry).find((one) => one.id === id);
  return (found?.produces ?? []).map(({ name }) => name);
}

async function openDoors(
  { prepared, options, library, signal, recording }: GatherTask,
  evidence: EvidenceStore,
  tables: Map<string, Asset>,
): Promise<{ readonly doors: Doors; close(): Promise<void> }> {
  const knowledge = (id: string): unknown => {
    const table = library.knowledge(id);
    const asset = library.assets.find((one) => one.kind === 'knowledge' && one.id === id);
    if (asset !== undefined) tables.set(id, asset);
    return table;
  };
  // The server of updates is contacted only when the user named it on the command line.
  const server =
    options.updateUrl !== undefined && URL.canParse(options.updateUrl)
      ? [new URL(options.updateUrl).hostname.replace(/^\[|\]$/g, '')]
      : [];
  const hosts = [...prepared.target.devices.map(({ host }) => host), ...server];
  const pool = openPool(signal);
  const dialer = await createDialer({
    hosts,
    pace: options.pace,
    authorized: options.authorized,
    recording,
    threads: (job, input, own) => pool.run(job, input, [], own),
  });
  const known = prepared.target.images.length > 0 ? await unpackers() : [];
  const formats = prepared.target.images.length + prepared.target.updates.length > 0 ? await verifiers() : [];
  const sampleKeys = sampleKeyTables(library, knowledge);
  const opener = {
    unpackers: known,
    job: pool.run,
    warm: pool.warm,
    opaque: (image: string) => opaqueOf(prepared, image),
    location: prepared.location,
  };
  const doors: Doors = {
    dialer,
    knowledge,
    keep: (bytes, mediaType, locator) => evidence.keep(bytes, mediaType, locator),
    clock: recording.clock,
    images: { open: (image, context) => openImage(opener, image, context), job: pool.run },
    artefact: (path) => artefactBlob(prepared.location(path)),
    verify: (artefact, path) =>
      verifyArtefact(formats, artefact, prepared.location(path), {
        settings: prepared.settings,
        ...sampleKeys,
        job: pool.run,
      }),
    declaration: prepared.declaration ?? {},
  };
  return { doors, close: pool.close };
}

/** A directory is no artefact: it has no bytes of its own. */
const artefactBlob = (path: string): Blob =>
  statSync(path).isDirectory() ? memoryBlob(new Uint8Array(0)) : openBlob(path);

function opaqueOf(
  { declaration }: Prepared,
  image: string,
): readonly {
  readonly sha256?: string;
  readonly start?: number;
  readonly end?: number;
  readonly what: string;
  readonly why: string;
}[] {
  return (declaration?.opaque ?? [])
    .filter((entry) => entry.image === undefined || entry.image === image)
    .map(({ image: _image, reason, ...rest }) => ({ ...rest, why: reason }));
}

const knowledgeInput = ({ id, sha256, date }: Asset): Input => ({
  kind: 'knowledge',
  id,
  sha256,
  ...(date === undefined ? {} : { date }),
});

export interface JudgeTask {
  readonly seen: Seen;
  readonly baselines: readonly Baseline[];
  readonly library: Library;
  readonly registry: Registry;
  readonly waivers: readonly Waiver[];
  /** Digests of waivers and the like. */
  readonly inputs: readonly Input[];
  /** Date of judgement, ISO 8601. */
  readonly at: string;
}

/** The report on what was seen. Nothing of the network or the clock goes in: the same dossier and date give the same bytes. */
export function judgeProduct({ seen, baselines, library, registry, waivers, inputs, at }: JudgeTask): Report {
  const { target, scope, gatherers, declaration, complete } = seen.head;
  const planned = plan(registry, readsOf(baselines, WORDS), givenOf(target, scope.permissions));
  const judging = judgedBy(library, baselines);
  return evaluate({
    evidence: {
      facts: seen.facts,
      gaps: [...seen.gaps, ...unlooked(planned, gatherers, complete)],
      heard: gatherers
        .filter(({ status }) => status !== 'not-given')
        .map(({ id, produces }) => ({ source: id, types: produces })),
      gatherers: gatherers.map(({ produces: _, ...status }) => status),
    },
    relations: relationsOf(feedings(registry)),
    baselines,
    statements: statementsOf(declaration),
    waivers,
    words: WORDS,
    tell,
    at,
    relevant: planned.relevant,
    head: {
      tool: { name: 'assay', version: version() },
      target: {
        name: target.name,
        ...(target.product === undefined ? {} : { product: target.product }),
        state: target.state,
        devices: target.devices.map(({ host }) => host),
        firmware: target.images,
        updates: target.updates,
        ...(target.declaration === undefined ? {} : { declaration: target.declaration }),
      },
      scope,
      inputs: unite(seen.head.inputs, [...judging, ...inputs]),
    },
  });
}

/** What these baselines need and nobody looked at when the dossier was gathered. */
function unlooked(planned: Plan, gatherers: readonly GathererRecord[], complete: boolean): readonly Gap[] {
  const ran = new Set(gatherers.map(({ id }) => id));
  const unseen: Gap['unseen'] = complete
    ? { kind: 'not-given', flag: 'assay gather', message: 'it was not looked for when the dossier was gathered' }
    : { kind: 'stopped', message: 'the gathering was cut short' };
  const missing = planned.steps
    .filter(({ gatherer }) => !ran.has(gatherer.id))
    .flatMap(({ kind, gatherer }) => gapsOf({ id: gatherer.id, kind }, gatherer.produces, unseen, { kind: 'target' }));
  return [...missing, ...planned.withheld.filter(({ source }) => !ran.has(source))];
}

/** Digests of the baselines and of the files of checks that they cite. */
function judgedBy(library: Library, baselines: readonly Baseline[]): readonly Input[] {
  const cited = new Set(
    baselines.flatMap(({ controls }) =>
      controls.flatMap(({ units }) => units.flatMap(({ checks }) => checks.map(({ at }) => at.file))),
    ),
  );
  return [
    ...baselines.map(
      ({ id, version: edition, sha256 }): Input => ({ kind: 'baseline', id: `${id}@${edition}`, sha256 }),
    ),
    ...library.assets
      .filter(({ kind, file }) => kind === 'checks' && cited.has(file))
      .map(({ id, sha256 }): Input => ({ kind: 'checks', id, sha256 })),
  ];
}

/** Each input once, in a fixed order. */
function unite(some: readonly Input[], more: readonly Input[]): readonly Input[] {
  const all = new Map([...some, ...more].map((input) => [`${input.kind} ${input.id} ${input.sha256}`, input]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, input]) => input);
}
