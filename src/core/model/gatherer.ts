/** Who sees: probes, analyzers, inspectors, declaration readers and derivers, on one contract. */
import type { Blob } from '../../lib/blob.ts';
import type { EvidenceRef, Fact, FactType, FactView, Method, Unseen } from './fact.ts';
import type { FileEntry, FileTree } from './files.ts';
import type { Dialer } from './network.ts';
import type { Area, DeviceState, Subject, SubjectOf, Transport } from './target.ts';
import type { TrustedKey, UpdateVerdict } from './verifier.ts';

/** `passive` touches nothing, `safe` talks as any client would, `intrusive` needs the user's word (`--credentials`, `--intrusive`). */
export type Intrusion = 'passive' | 'safe' | 'intrusive';

/** Where and on what a fact rests; the observed subject and no evidence unless said. */
export interface Grounds {
  readonly subject?: Subject;
  readonly where?: string;
  readonly evidence?: readonly EvidenceRef[];
  readonly derivedFrom?: readonly Fact[];
}

/** What the user allowed and set, the same for every gatherer. */
export interface Settings {
  readonly state: DeviceState;
  /** 'default', 'all', or a list like `22,80,8000-8100`. */
  readonly ports: string;
  readonly credentials: boolean;
  readonly credentialTries: number;
  readonly intrusive: boolean;
  readonly crackSeconds: number;
  /** DER or PEM bytes of the maker's own CA certificates (`--ca`). */
  readonly authorities: readonly Uint8Array[];
  /** Public keys or certificates that updates must be signed with (`--key` and the declaration). */
  readonly keys: readonly TrustedKey[];
  readonly updateUrl?: string;
  /** The date of judgement for everything that depends on one, ISO 8601. */
  readonly now: string;
}

export interface GatherContext {
  readonly facts: FactView;
  readonly signal: AbortSignal;
  readonly settings: Settings;
  /** A data table of `baselines/knowledge/`; its digest goes into the dossier. Throws when there is none of that id. */
  knowledge(id: string): unknown;
  emit<T>(type: FactType<T>, data: T, grounds?: Grounds): Fact<T>;
  /** Says that something was not seen: by default of the observed subject, for every fact type that the gatherer produces. */
  gap(
    unseen: Unseen,
    options?: { readonly scope?: Subject; readonly area?: Area; readonly facts?: readonly FactType[] },
  ): void;
  /** Keeps bytes as evidence (secrets redacted by the store's rules first). */
  keep(bytes: Uint8Array, mediaType: string, locator?: string): EvidenceRef;
  /** Says how far the step on the observed subject is: for steps that can take seconds. */
  progress(done: number, of: number): void;
}

interface GathererBase {
  /** = its path: `tls/protocols`. */
  readonly id: string;
  readonly title: string;
  readonly method: Method;
  readonly intrusion: Intrusion;
  readonly consumes: readonly FactType[];
  readonly produces: readonly FactType[];
}

export interface Gatherer<S extends Subject, C extends GatherContext> extends GathererBase {
  /** What to look at, going by what is known so far. */
  subjects(facts: FactView): readonly S[];
  /** Looks at one subject. What it throws becomes a gap on that subject, and no more. */
  observe(subject: S, context: C): Promise<void>;
}

export interface ProbeContext extends GatherContext {
  readonly dial: Dialer;
  /** Says that the observed subject was sent all that it is sent, and that only answers are waited for: logins need not wait. */
  asked(): void;
}
/** Where a word stands in a file, in order. */
export interface Places {
  readonly at: ArrayLike<number> & Iterable<number>;
  /** Why there may be more. */
  readonly cut?: string;
}

export interface AnalyzerContext extends GatherContext {
  readonly tree: FileTree;
  /** Where one of the analyzer's `words` stands in the observed file. */
  places(word: string): Places;
  /** Runs a job of the worker pool (`core/work`): used for what costs over 10 ms, such as cracking. */
  job(name: string, input: unknown): Promise<unknown>;
}
export interface DeclarationContext extends GatherContext {
  /** The declaration as parsed and schema-checked. */
  readonly declaration: { readonly [section: string]: unknown };
}
export interface InspectorContext extends GatherContext {
  readonly artefact: Blob;
  readonly dial: Dialer;
  /** Every format that recognises the artefact says what it found; empty when none does. */
  verify(artefact: Blob): Promise<readonly UpdateVerdict[]>;
}

/** Talks to the device. The subjects of the first probes are its hosts; every other one derives them from facts. */
export interface Probe extends Gatherer<SubjectOf<'host'> | SubjectOf<'endpoint'>, ProbeContext> {
  /** Runs once every other harmless probe is done. */
  readonly last?: boolean;
  /** Of a probe of hosts: it tells of endpoints of this transport and no other, and all that it tells of one at once. */
  readonly finds?: Transport;
  /** It reads facts of more than the endpoint that it looks at, or looks at hosts: it begins once all that feeds it is done. */
  readonly wide?: boolean;
}
/** Looks at a whole update artefact (`--update`, or an image that is an update by nature). */
export type Inspector = Gatherer<SubjectOf<'update'>, InspectorContext>;
/** Reads what the maker states. */
export type DeclarationReader = Gatherer<SubjectOf<'target'>, DeclarationContext>;
/** Works facts out from facts; emits from absence or order only where what it consumes is complete in scope. */
export type Deriver = Gatherer<SubjectOf<'target'>, GatherContext>;

/** EXAMINE, by push: the engine reads each file once and hands its content to every analyzer that wants it. */
export interface Analyzer extends GathererBase {
  /**
   * What it asks `places` for, each word one byte a character and two characters at least: those of all analyzers are
   * looked for in one pass, while a file is read.
   */
  readonly words?: (tree: FileTree) => readonly string[];
  wants(file: FileEntry): boolean;
  observe(file: FileEntry, content: Blob, context: AnalyzerContext): Promise<void> | void;
  /** Image-wide conclusions, after the last file of an image. Runs also when no file was wanted. */
  finish?(context: AnalyzerContext): Promise<void> | void;
}
