/** What is seen, and what was not: facts, gaps, coverage, and the view that conditions and derivers read. */
import type { Fault } from '../../lib/fault.ts';
import type { Schema } from '../../lib/schema.ts';
import type { Area, Subject, SubjectOf } from './target.ts';

/** How a fact was come by: OSCAL's observation methods. */
export type Method = 'TEST' | 'EXAMINE' | 'INTERVIEW';

/** One word of the vocabulary: its name (`tls.protocol`), what it tells, the shape of its data, the area it lies in. */
export interface FactType<T = unknown> {
  readonly name: string;
  readonly title: string;
  /** The area that a check about it speaks of unless it says otherwise. */
  readonly over: Area;
  readonly schema: Schema<T>;
  /**
   * The bytes that it lies at are a secret. `all`: they are never shown; `after-name`: what stands before the first `:` or
   * `=` of the line names an account or an option, and is shown alone.
   */
  readonly secret?: 'all' | 'after-name';
}
export type DataOf<F> = F extends FactType<infer T> ? T : never;

export const defineFact = <T>(type: FactType<T>): FactType<T> => type;

/** Bytes that show a fact, by SHA-256 (hex) in the evidence store. `locator` is an offset, a line or a member. */
export interface EvidenceRef {
  readonly sha256: string;
  readonly mediaType: string;
  readonly size: number;
  readonly locator?: string;
  readonly redacted?: boolean;
  /** Its first bytes, at most 256, as base64: what a report shows. A piece that lies in its excerpt whole lies nowhere else. */
  readonly excerpt?: string;
  /** Of the first byte of the excerpt in the file that it was taken from; 0 where absent. */
  readonly offset?: number;
}

/** One observation. `id` is the type + `-` + 12 hex digits of the hash of (type, subject, data, source). */
export interface Fact<T = unknown> {
  readonly id: string;
  readonly type: string;
  readonly subject: Subject;
  readonly data: T;
  readonly method: Method;
  readonly source: string;
  readonly observedAt: string;
  /** Where exactly: `line 3`, `offset 0x40`, `bytes received`; one short phrase for the report. */
  readonly where?: string;
  readonly evidence: readonly EvidenceRef[];
  readonly derivedFrom: readonly string[];
}

/** Why something was not seen: the world did not answer, or something was not given (`flag` would settle it). */
export type Unseen = Fault | { readonly kind: 'not-given'; readonly flag: string; readonly message: string };

/** Something that was planned and not seen. `facts` are all fact types it leaves open; the gatherers' order closes over them. */
export interface Gap {
  readonly source: string;
  readonly scope: Subject;
  readonly area: Area;
  readonly facts: readonly string[];
  readonly unseen: Unseen;
}

/** Who looked for facts of a type, and what they could not see within an area. Silence is no coverage. */
export interface Coverage {
  readonly complete: boolean;
  readonly heard: readonly string[];
  readonly gaps: readonly Gap[];
}

/** What gatherers, conditions and exporters may do with facts: read. */
export interface FactView {
  of<T>(type: FactType<T>): readonly Fact<T>[];
  named(name: string): readonly Fact[];
  coverage(name: string, over: Area): Coverage;
}

/** The endpoints that facts are about, each once, in order. */
export function endpointsOf(facts: readonly Fact[]): readonly SubjectOf<'endpoint'>[] {
  const found = new Map<string, SubjectOf<'endpoint'>>();
  for (const { subject } of facts) {
    if (subject.kind === 'endpoint') found.set(`${subject.host} ${subject.port}/${subject.transport}`, subject);
  }
  return [...found.values()];
}
/** Facts about one endpoint. */
export const factsAt = <T>(facts: readonly Fact<T>[], at: SubjectOf<'endpoint'>): readonly Fact<T>[] =>
  facts.filter(
    ({ subject }) =>
      subject.kind === 'endpoint' &&
      subject.host === at.host &&
      subject.port === at.port &&
      subject.transport === at.transport,
  );
