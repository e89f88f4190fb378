/** The streams and surroundings of one run, as values: tests hand in their own. */
import { isatty } from 'node:tty';

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
  // A reader that went away (`assay … | head`) is no fault of ours.
  process.stdout.on('error', ignoreBrokenPipe);
  process.stderr.on('error', ignoreBrokenPipe);
  return {
    out: (bytes) => process.stdout.write(bytes),
    err: (text) => process.stderr.write(text),
    outIsTerminal: isatty(1),
    errIsTerminal: isatty(2),
    columns: process.stdout.columns ?? 80,
    colour: isatty(1) && !plain,
  };
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
