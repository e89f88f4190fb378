/** What the engine says while it works; the command line turns it into progress. */
import type { Gap } from './fact.ts';

export type EngineEvent =
  | { readonly kind: 'step-started'; readonly gatherer: string; readonly subject: string }
  | {
      readonly kind: 'step-progress';
      readonly gatherer: string;
      readonly subject: string;
      readonly done: number;
      readonly of: number;
    }
  | {
      readonly kind: 'step-ended';
      readonly gatherer: string;
      readonly subject: string;
      readonly facts: number;
      readonly ms: number;
    }
  | { readonly kind: 'gap'; readonly gap: Gap };

export type Listener = (event: EngineEvent) => void;
