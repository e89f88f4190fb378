/** The file that `--record` writes and `--replay` reads: JSON lines, first when it was made and what its chance followed from. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { TranscriptHead, TranscriptLine } from '../core/network/transcript.ts';
import { seedChance } from '../lib/chance.ts';
import { UsageError } from '../lib/fault.ts';
import { readWhole, whyUnwritten } from '../lib/whole-file.ts';
import type { GatherOptions } from './options.ts';

const clock = (): string => new Date().toISOString();
const SCHEMA = 'assay/transcript/1';
/** Bytes of a recording that are read: it is one text, and those are bounded by the engine. */
const TRANSCRIPT = 500 << 20;

/** What a run is made of in place of the clock and the network. */
export interface Recording {
  /** When the run begins, or began. */
  readonly at: string;
  clock(): string;
  readonly lines?: readonly TranscriptLine[];
  readonly record?: (line: TranscriptLine) => void;
  close(): void;
}

/** Throws UsageError for a file that can not be read or written, or that is no recording. */
export function openRecording({ record, replay }: GatherOptions, now: string): Recording {
  if (record !== undefined && replay !== undefined)
    throw new UsageError('--record and --replay are one or the other', 'a replay asks no device');
  if (replay !== undefined) return playing(replay);
  if (record === undefined) return { at: now, clock, close: () => {} };
  const seed = randomBytes(32);
  seedChance(seed);
  const file = created(record, { schema: SCHEMA, at: now, seed: seed.toString('hex') });
  return { at: now, clock, record: (line) => put(file, line), close: () => closeSync(file) };
}

/** Only the user may read it: it holds all that was sent and received, passwords among it. */
function created(path: string, head: TranscriptHead): number {
  try {
    const file = openSync(path, 'w', 0o600);
    put(file, head);
    return file;
  } catch (error) {
    throw new UsageError(`--record ${path}: it cannot be written: ${whyUnwritten(error)}`);
  }
}

function put(file: number, line: TranscriptHead | TranscriptLine): void {
  writeSync(file, `${JSON.stringify(line)}\n`);
}

function playing(path: string): Recording {
  const [head, ...lines] = Buffer.from(readWhole(path, TRANSCRIPT))
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line, index) => parsed(path, line, index + 1));
  const { schema, at, seed } = (head ?? {}) as Partial<TranscriptHead>;
  if (schema !== SCHEMA || typeof at !== 'string' || Number.isNaN(Date.parse(at)) || typeof seed !== 'string')
    throw new UsageError(`--replay ${path}: it is no recording`, 'assay gather … --record FILE makes one');
  seedChance(Buffer.from(seed, 'hex'));
  const behind = Date.now() - Date.parse(at);
  return {
    at,
    clock: () => new Date(Date.now() - behind).toISOString(),
    lines: lines as TranscriptLine[],
    close: () => {},
  };
}

const KINDS = ['open', 'secure', 'fault', 'out', 'in', 'end', 'silence', 'refusal', 'sweep'];

function parsed(file: string, text: string, line: number): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) {
      const { kind, id } = value as { readonly kind?: unknown; readonly id?: unknown };
      if (line === 1 || (typeof id === 'number' && KINDS.includes(String(kind)))) return value;
    }
  } catch {
    // Told below, as any other line that is none.
  }
  throw new UsageError({ message: 'it is no line of a recording', at: { file, line } });
}
