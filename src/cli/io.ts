/** The streams and surroundings of one run, as values: tests hand in their own. */
import { isatty } from 'node:tty';
import { whyUnwritten } from '../lib/whole-file.ts';
import { EXIT } from './exit-code.ts';

export interface Io {
  out(bytes: string | Uint8Array): void;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly columns: number;
  readonly colour: boolean;
}

/** The process' own streams. NO_COLOR (no-color.org) switches colour off wherever it is set to anything. */
export function processIo(): Io {
  // biome-ignore lint/style/noProcessEnv: NO_COLOR and TERM are the terminal's words, and this is the only place that reads them.
  const { NO_COLOR, TERM } = process.env;
  const plain = (NO_COLOR !== undefined && NO_COLOR !== '') || TERM === 'dumb';
  process.stdout.on('error', tellUnwritten);
  process.stderr.on('error', () => {});
  return {
    out: (bytes) => process.stdout.write(bytes),
    err: (text) => process.stderr.write(text),
    outIsTerminal: isatty(1),
    errIsTerminal: isatty(2),
    columns: process.stdout.columns ?? 80,
    colour: isatty(1) && !plain,
  };
}

/** What did not reach its reader is told, and ends as a report that cannot be written does, once all else was done. */
function tellUnwritten(error: NodeJS.ErrnoException): void {
  // A reader that went away (`assay … | head`) is no fault of anybody.
  if (error.code === 'EPIPE') return;
  process.stderr.write(`assay: what was to be printed cannot be written: ${whyUnwritten(error)}\n`);
  process.on('exit', () => {
    process.exitCode = EXIT.usage;
  });
}
