/** What a command gets and gives. */
import type { Io } from './io.ts';
import type { RawOptions } from './options.ts';

/** What a command gets: its arguments and options as typed, and its surroundings. */
export interface Call {
  readonly arguments: readonly string[];
  readonly options: RawOptions;
  readonly io: Io;
  readonly signal: AbortSignal;
}
export type Action = (call: Call) => Promise<number>;
