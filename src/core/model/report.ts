/** What is concluded: `report.json` as a type (schema `baselines/schema/report.schema.json`). One product, several baselines. */
import type { Parameters, Waiver } from './baseline.ts';
import type { Fact, Gap } from './fact.ts';
import type { DeviceState, DigestedFile, Subject } from './target.ts';
import type { Mark, Obligation, Outcome, Reason, Severity } from './verdict.ts';

export interface Input {
  readonly kind:
    | 'baseline'
    | 'checks'
    | 'knowledge'
    | 'vulnerabilities'
    | 'waivers'
    | 'declaration'
    | 'firmware'
    | 'update';
  readonly id: string;
  readonly sha256: string;
  readonly date?: string;
}

export type Counts = { readonly [O in Outcome]: number };

export interface Result {
  readonly subject: Subject;
  readonly outcome: Outcome;
  readonly message: string;
  readonly reasons: readonly Reason[];
  /** Ids of facts. */
  readonly facts: readonly string[];
  readonly waiver?: {
    readonly reason: string;
    readonly approvedBy: string;
    readonly expires: string;
    readonly instead: Outcome;
  };
}

export interface CheckReport {
  readonly key: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly title: string;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly vacuous: boolean;
  readonly seen: { readonly holds: number; readonly fails: number; readonly open: number };
  readonly message: string;
  readonly remediation: string;
  readonly references: readonly string[];
  /** What would settle it: flags such as `--credentials`, without repetition. */
  readonly settle: readonly string[];
  readonly results: readonly Result[];
}

export interface UnitReport {
  readonly id: string;
  readonly title?: string;
  readonly mark: Mark;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  /** Keys of checks. */
  readonly checks: readonly string[];
  readonly attestation?: {
    readonly verdict: 'pass' | 'fail';
    readonly by: string;
    readonly on: string;
    readonly conflict?: boolean;
  };
  readonly work?: string;
}

export type Basis = 'observed' | 'declared' | 'attested';

export interface ControlReport {
  readonly id: string;
  readonly title: string;
  readonly section?: string;
  readonly status?: string;
  readonly obligation: Obligation;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly basis: readonly Basis[];
  readonly units: readonly UnitReport[];
  readonly todo?: readonly string[];
  /** Why it applies or not, where that is not `always`. */
  readonly applicability?: string;
  readonly deemedBy?: readonly string[];
  readonly draft?: boolean;
  readonly waiver?: {
    readonly reason: string;
    readonly approvedBy: string;
    readonly expires: string;
    readonly instead: Outcome;
  };
}

export interface Assessment {
  readonly baseline: { readonly id: string; readonly version: string; readonly title: string; readonly level?: string };
  readonly outcome: Outcome;
  readonly counts: Counts;
  /** Mandatory controls alone: what the outcome rolls up. */
  readonly mandatory: Counts;
  readonly controls: readonly ControlReport[];
}

export interface ImageCoverage {
  readonly path: string;
  readonly bytes: number;
  readonly understood: number;
  readonly padding: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly encrypted: number;
  /** Where they lie: at most 200 runs [start, end), the longest, in order. */
  readonly runs: readonly {
    readonly kind: 'understood' | 'padding' | 'acknowledged' | 'unknown' | 'encrypted';
    readonly start: number;
    readonly end: number;
    readonly format?: string;
  }[];
}

export interface GathererStatus {
  readonly id: string;
  readonly status: 'done' | 'partial' | 'not-given' | 'failed';
  readonly facts: number;
  readonly ms: number;
}

export interface Report {
  readonly schema: 'assay/report/1';
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: {
    readonly name: string;
    readonly product?: {
      readonly maker?: string;
      readonly model?: string;
      readonly hardware?: string;
      readonly software?: string;
      readonly serial?: string;
    };
    readonly state: DeviceState;
    readonly devices: readonly string[];
    readonly firmware: readonly DigestedFile[];
    readonly updates: readonly DigestedFile[];
    readonly declaration?: DigestedFile;
  };
  readonly scope: {
    readonly ports: string;
    readonly pace: string;
    readonly permissions: readonly string[];
    readonly vantage: string;
    readonly tester?: string;
  };
  readonly inputs: readonly Input[];
  readonly assessedAt: string;
  readonly outcome: Outcome;
  readonly assessments: readonly Assessment[];
  readonly checks: readonly CheckReport[];
  /** Facts that results cite. */
  readonly facts: readonly Fact[];
  readonly coverage: {
    readonly gatherers: readonly GathererStatus[];
    readonly gaps: readonly Gap[];
    readonly images: readonly ImageCoverage[];
  };
  /** Expired, unused and subject-less waivers, in words. */
  readonly waivers: readonly {
    readonly waiver: Omit<Waiver, 'at'>;
    readonly state: 'used' | 'unused' | 'expired';
    readonly note?: string;
  }[];
  /** Flag and how many open controls it would settle, most first. */
  readonly settle: readonly { readonly flag: string; readonly controls: number }[];
}
