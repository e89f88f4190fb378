/** Runs one probe on one subject with a collecting context: what it emitted, what it left open. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { EvidenceRef, Fact, FactType, FactView, Unseen } from '../../src/core/model/fact.ts';
import type { Gatherer, Grounds, ProbeContext, Settings } from '../../src/core/model/gatherer.ts';
import type { Dialer } from '../../src/core/model/network.ts';
import type { Area, Subject, SubjectOf } from '../../src/core/model/target.ts';
import { createDialer } from '../../src/core/network/dialer.ts';
import { faultOf } from '../../src/lib/fault.ts';

export const SETTINGS: Settings = {
  state: 'unknown',
  ports: 'default',
  credentials: false,
  credentialTries: 3,
  intrusive: false,
  crackSeconds: 0,
  authorities: [],
  keys: [],
  now: '2026-01-01T00:00:00Z',
};

/** Facts from an array, each type seen in full. */
export function viewOf(facts: readonly Fact[]): FactView {
  const named = (name: string): readonly Fact[] => facts.filter((fact) => fact.type === name);
  return {
    of: <T>(type: FactType<T>) => named(type.name) as readonly Fact<T>[],
    named,
    coverage: () => ({ complete: true, heard: ['test'], gaps: [] }),
  };
}

let serial = 0;
/** A fact as a gatherer would have emitted it. */
export function aFact<T>(type: FactType<T>, subject: Subject, data: T): Fact<T> {
  serial += 1;
  return {
    id: `${type.name}-${serial}`,
    type: type.name,
    subject,
    data,
    method: 'TEST',
    source: 'test',
    observedAt: SETTINGS.now,
    evidence: [],
    derivedFrom: [],
  };
}

export const endpoint = (
  port: number,
  transport: 'tcp' | 'udp' = 'tcp',
  host = '127.0.0.1',
): SubjectOf<'endpoint'> => ({
  kind: 'endpoint',
  host,
  port,
  transport,
});

export interface SeenGap {
  readonly unseen: Unseen;
  readonly scope: Subject;
  readonly area: Area | undefined;
  readonly facts: readonly string[];
}
export interface Run {
  readonly facts: readonly Fact[];
  readonly gaps: readonly SeenGap[];
  of<T>(type: FactType<T>): readonly T[];
}

interface Options {
  readonly known?: readonly Fact[];
  readonly settings?: Partial<Settings>;
  readonly dial?: Dialer;
  /** One view for several probes of one run; else each subject has one of its own. */
  readonly view?: FactView;
}

/** Runs a gatherer over the subjects it derives itself, or over those given. What it throws becomes a gap. */
export async function runProbe<S extends Subject>(
  probe: Gatherer<S, ProbeContext>,
  options: Options & { readonly subjects?: readonly S[] } = {},
): Promise<Run> {
  const known = options.known ?? [];
  const facts: Fact[] = [];
  const gaps: SeenGap[] = [];
  for (const subject of options.subjects ?? probe.subjects(viewOf(known))) {
    const context = contextOf(probe, subject, options, facts, gaps);
    try {
      await probe.observe(subject, context);
    } catch (thrown) {
      context.gap(faultOf(thrown));
    }
  }
  return {
    facts,
    gaps,
    of: <T>(type: FactType<T>) => facts.filter((f) => f.type === type.name).map((f) => f.data as T),
  };
}

function contextOf<S extends Subject>(
  probe: Gatherer<S, ProbeContext>,
  subject: S,
  options: Options,
  facts: Fact[],
  gaps: SeenGap[],
): ProbeContext {
  return {
    asked: () => {},
    facts: options.view ?? viewOf([...(options.known ?? []), ...facts]),
    signal: new AbortController().signal,
    settings: { ...SETTINGS, ...options.settings },
    dial: options.dial ?? createDialer({ hosts: ['127.0.0.1', '::1'], authorized: false, pace: 'normal' }),
    knowledge: (id) => parse(readFileSync(new URL(`../../baselines/knowledge/${id}.yaml`, import.meta.url), 'utf8')),
    emit: <T>(type: FactType<T>, data: T, grounds: Grounds = {}) => {
      const fact = {
        ...aFact(type, grounds.subject ?? subject, data),
        source: probe.id,
        evidence: grounds.evidence ?? [],
      };
      facts.push(fact);
      return fact;
    },
    progress: () => {},
    gap: (unseen, gap = {}) => {
      const open = (gap.facts ?? probe.produces).map((type) => type.name);
      gaps.push({ unseen, scope: gap.scope ?? subject, area: gap.area, facts: open });
    },
    keep: (bytes, mediaType): EvidenceRef => ({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      mediaType,
      size: bytes.length,
    }),
  };
}
