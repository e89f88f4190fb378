/** What a command gets and gives. */
import type { Io } from './io.ts';
import type { RawOptions } from './options.ts';

/** One command as it is told: its options by their long names. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly flag: string; readonly takesValue: boolean; readonly summary: string }[];
}

/** What a command gets: its arguments and options as typed, and its surroundings. */
export interface Call {
  readonly arguments: readonly string[];
  readonly options: RawOptions;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** All commands there are, for those that speak of them. */
  readonly commands: readonly CommandShape[];
}
export type Action = (call: Call) => Promise<number>;
