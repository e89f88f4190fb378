/** What is told: a pure function from a value to the bytes of one file. */
import type { Blob } from '../../lib/blob.ts';
import type { Control } from './baseline.ts';
import type { EvidenceRef, Fact, Gap } from './fact.ts';
import type { Report } from './report.ts';

export interface RenderOptions {
  readonly colour: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly width: number;
}

/** It writes nothing, reads no clock and colours nothing unasked. */
export interface Renderer<Input> {
  readonly id: string;
  readonly title: string;
  readonly extension: string;
  readonly mediaType: string;
  render(input: Input, options: RenderOptions): string | Uint8Array | Promise<string | Uint8Array>;
}
export type Reporter = Renderer<Report>;

/** A report with everything it rests on, for exports that need facts, evidence or the maker's statements. */
export interface Dossier {
  readonly report: Report;
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  readonly declaration?: { readonly [section: string]: unknown };
  /** Controls of the assessed baselines, by `baseline-id@version`. */
  readonly controls: { readonly [baseline: string]: readonly Control[] };
  knowledge(id: string): unknown;
  open(evidence: EvidenceRef): Blob;
}
export type Exporter = Renderer<Dossier>;
