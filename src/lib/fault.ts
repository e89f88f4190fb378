/** What can go wrong, and whose fault it is: the world's answer (Fault), the user's mistake (UsageError). Anything else is our bug. */

export const FAULT_KINDS = [
  'timeout',
  'refused',
  'unreachable',
  'closed',
  'malformed',
  'truncated',
  'unsupported',
  'encrypted',
  'denied',
  'locked-out',
  'over-budget',
  'unrecognised',
  'unreadable',
  'stopped',
  'bug',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that the world did not answer, as data: `message` is one clear sentence without control characters. */
export interface Fault {
  readonly kind: FaultKind;
  readonly message: string;
}

/** Thrown by codecs and doors; whoever gathers turns it into a gap. */
export class FaultError extends Error {
  readonly fault: Fault;
  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FaultError';
    this.fault = { kind, message };
  }
}

/** A place in a user's file: line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One mistake of the user: what was wrong, where, and how to mend it. */
export interface Problem {
  readonly message: string;
  readonly at?: Place;
  readonly hint?: string;
}

/** The user's mistake; ends the run with exit code 2 and its problems on stderr, never with a stack. */
export class UsageError extends Error {
  readonly problems: readonly Problem[];
  constructor(problem: string | Problem | readonly Problem[], hint?: string) {
    const problems = listed(problem, hint);
    super(problems.map((one) => one.message).join('\n'));
    this.name = 'UsageError';
    this.problems = problems;
  }
}

function listed(problem: string | Problem | readonly Problem[], hint: string | undefined): readonly Problem[] {
  if (typeof problem === 'string') return [hint === undefined ? { message: problem } : { message: problem, hint }];
  return Array.isArray(problem) ? (problem as readonly Problem[]) : [problem as Problem];
}

/** What this machine ran out of, by the system's code: no fault of what is looked at, and no bug of ours. */
const SPENT: { readonly [code: string]: string } = {
  ENOSPC: 'the disk of this machine is full',
  EDQUOT: 'the disk of this machine is full',
  EMFILE: 'this machine opens no more files',
  ENFILE: 'this machine opens no more files',
};

function hostFault({ code, syscall }: NodeJS.ErrnoException): Fault | undefined {
  const spent = SPENT[code ?? ''];
  if (spent !== undefined) return { kind: 'over-budget', message: `${spent} (${code})` };
  if (syscall !== 'mkdtemp') return undefined;
  return { kind: 'unreadable', message: `no folder for temporary files can be made: TMPDIR (${code})` };
}

/** The fault behind anything thrown: a FaultError's own, an abort as `stopped`, a spent machine, and all else as a `bug` of ours. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof FaultError) return thrown.fault;
  if (thrown instanceof Error && thrown.name === 'AbortError')
    return { kind: 'stopped', message: 'stopped before it was done' };
  const host = thrown instanceof Error ? hostFault(thrown) : undefined;
  if (host !== undefined) return host;
  return { kind: 'bug', message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
}
