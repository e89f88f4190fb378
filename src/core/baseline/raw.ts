/** A baseline document as it stands in YAML, of the right shape. */
import type { Json } from '../../lib/schema.ts';
import type { Check } from '../model/baseline.ts';
import type { Mark, Obligation } from '../model/verdict.ts';
import type { Complain, Path } from './value-test.ts';

export interface RawUnit {
  readonly id: string;
  readonly title?: string;
  readonly mark: Mark;
  readonly checks?: readonly (string | { readonly check: string; readonly params?: Json })[];
  readonly work?: string;
}
export interface RawControl {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly section?: string;
  readonly status?: string;
  readonly obligation?: Obligation;
  readonly levels?: readonly string[];
  readonly applies?: Json;
  readonly units: readonly RawUnit[];
  readonly deemedBy?: readonly string[];
  readonly draft?: boolean;
  readonly confidence?: string;
  readonly note?: string;
  readonly references?: readonly {
    readonly standard: string;
    readonly ids: readonly string[];
    readonly judged?: boolean;
  }[];
}
export interface RawBaseline {
  readonly id: string;
  readonly version: string;
  readonly revision?: string;
  readonly title: string;
  readonly publisher?: string;
  readonly licence?: string;
  readonly levels?: readonly string[];
  readonly defaultLevel?: string;
  readonly uses?: readonly string[];
  readonly extends?: string;
  readonly level?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly { readonly control: string; readonly reason: string }[];
  readonly parameters?: readonly RawOverride[];
  readonly controls?: readonly RawControl[];
}
export interface RawOverride {
  readonly check: string;
  readonly control?: string;
  readonly params: Json;
  readonly reason: string;
}

/** Gives the check of an id with parameters, or complains. */
export type FindCheck = (id: string, params: Json | undefined, path: Path, complain: Complain) => Check | undefined;
