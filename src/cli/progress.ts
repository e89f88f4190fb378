/** What the engine says while it works → stderr: one live line on a terminal, plain lines when asked, else silence. */
import type { EngineEvent, Listener } from '../core/model/event.ts';
import { shownName } from '../core/model/target.ts';
import { plural, safeText } from '../lib/text.ts';
import type { Io } from './io.ts';

export interface Progress {
  readonly listen: Listener;
  /** Clears the live line. */
  end(): void;
}

const EVERY = 100;
const CLEAR = '\r\u001b[2K';
const SPINNER = ['|', '/', '-', '\\'];

export function createProgress(io: Io, options: { readonly quiet: boolean; readonly verbose: boolean }): Progress {
  if (options.quiet) return { listen: () => {}, end: () => {} };
  if (options.verbose) return { listen: (event) => verbose(io, event), end: () => {} };
  return io.errIsTerminal ? liveLine(io) : { listen: () => {}, end: () => {} };
}

function verbose(io: Io, event: EngineEvent): void {
  if (event.kind === 'step-ended' && event.ms + event.facts > 0)
    io.err(`${safeText(event.gatherer)} ${safeText(event.subject)}: ${plural(event.facts, 'fact')}, ${event.ms} ms\n`);
  if (event.kind === 'gap' && event.gap.unseen.kind !== 'not-given')
    io.err(
      `${safeText(event.gap.source)} ${safeText(shownName(event.gap.scope))}: not seen: ${safeText(event.gap.unseen.message)}\n`,
    );
}

function liveLine(io: Io): Progress {
  const started = Date.now();
  const running = new Map<string, Step>();
  const counts = { facts: 0, gaps: 0, turn: 0, drawn: 0 };
  const draw = (): void => {
    counts.turn += 1;
    counts.drawn = Date.now();
    const seconds = Math.round((Date.now() - started) / 1000);
    const now = words([...running.values()].at(-1));
    const line = `${SPINNER[counts.turn % 4]} ${seconds} s, ${plural(counts.facts, 'fact')}, ${plural(counts.gaps, 'gap')}  ${now}`;
    io.err(`${CLEAR}${line.slice(0, Math.max(20, io.columns - 1))}`);
  };
  // The timer keeps the seconds running while a single step takes long.
  const timer = setInterval(draw, 500);
  timer.unref();
  return {
    listen(event) {
      note(event, running, counts);
      if (Date.now() - counts.drawn >= EVERY) draw();
    },
    end() {
      clearInterval(timer);
      io.err(CLEAR);
    },
  };
}

interface Step {
  readonly name: string;
  readonly since: number;
  readonly done?: number;
  readonly of?: number;
}

/** A guess of the time that is left is told once a step took this long, milliseconds. */
const GUESS_AFTER = 2000;

/** `net/ports 192.168.1.40 12000/65535, about 40 s left`. */
function words(step: Step | undefined): string {
  if (step === undefined) return '';
  const { name, since, done = 0, of = 0 } = step;
  if (of === 0) return name;
  const spent = Date.now() - since;
  const left = done > 0 && done < of && spent > GUESS_AFTER ? Math.ceil((spent * (of - done)) / done / 1000) : 0;
  return `${name} ${done}/${of}${left > 0 ? `, about ${left} s left` : ''}`;
}

function note(event: EngineEvent, running: Map<string, Step>, counts: { facts: number; gaps: number }): void {
  if (event.kind === 'gap') {
    if (event.gap.unseen.kind !== 'not-given') counts.gaps += 1;
    return;
  }
  const key = `${event.gatherer} ${event.subject}`;
  if (event.kind === 'step-ended') {
    running.delete(key);
    counts.facts += event.facts;
    return;
  }
  const since = running.get(key)?.since ?? Date.now();
  const share = event.kind === 'step-progress' ? { done: event.done, of: event.of } : {};
  // What said something last is what is shown.
  running.delete(key);
  running.set(key, { name: `${safeText(event.gatherer, 60)} ${safeText(event.subject, 60)}`, since, ...share });
}
