/** The program: runs a command, and turns whatever is thrown into words and an exit code. */
import { UsageError } from '../lib/fault.ts';
import { EXIT } from './exit-code.ts';
import { type Io, processIo } from './io.ts';
import { problemLines } from './problems.ts';
import { version } from './version.ts';

/** Runs one command line; resolves with the exit code and never throws. */
export async function main(argv: readonly string[], io: Io = processIo(), signal = interruption()): Promise<number> {
  try {
    if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
      io.out(`${version()}\n`);
      return EXIT.good;
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(argv, io, signal, version());
  } catch (error) {
    return told(error, argv.includes('--debug'), io);
  }
}

function told(error: unknown, debug: boolean, io: Io): number {
  if (error instanceof UsageError) {
    io.err(problemLines(error.problems));
    return EXIT.usage;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  io.err(problemLines([{ message: `a bug in assay: ${message}`, hint: '--debug shows where; please report it' }]));
  if (debug) io.err(`${stack ?? ''}\n`);
  return EXIT.bug;
}

/** The first Ctrl-C ends the run with what was seen so far; the second one ends the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
