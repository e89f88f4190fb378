/** The table in `docs/verifying-updates.md` that stands between two marks: what assay and the real tool say of the same artefact. */
import { readFileSync } from 'node:fs';
import type { Workshop } from './workshop.ts';

export const PAGE = 'docs/verifying-updates.md';
const [BEGIN, END] = ['<!-- verdicts: made by tests/lab/updates-verdicts.test.ts -->', '<!-- end of verdicts -->'];

/** The states of an artefact, as they stand in the columns. */
export const STATES = [
  'good',
  'other key',
  'expired',
  'unsigned',
  'payload changed',
  'signature changed',
  'cut off',
] as const;
export type State = (typeof STATES)[number];

export interface Verdict {
  readonly format: string;
  readonly tool: string;
  readonly state: State;
  readonly ours: number;
  /** Undefined where no tool of Debian reads the format. */
  readonly theirs?: boolean | undefined;
}

export interface VerdictFormat {
  readonly format: string;
  readonly tool: string;
  /** Writes `name`, and where it can `expired.NAME` and `unsigned.NAME`. */
  make(shop: Workshop, name: string): void;
  readonly name: string;
  readonly keys: readonly [good: string, other: string];
  /** Whether the real tool takes it, with paths relative to the folder. */
  takes(shop: Workshop, name: string, key: string): boolean;
  /** A byte of the payload; the middle where nothing is said. */
  payload?(bytes: Buffer): number;
  /** The file that holds the signature, when it stands beside. */
  readonly suffix?: string;
  /** A byte of the signature within the artefact. */
  signature?(bytes: Buffer): number;
}

const wordOf = ({ ours, theirs }: Verdict): string =>
  theirs === undefined ? String(ours) : `${ours} ${theirs ? 'takes' : 'refuses'}`;

/** The page with the table made anew. */
export function pageWith(verdicts: readonly Verdict[]): string {
  const formats = [...new Set(verdicts.map(({ format }) => format))];
  const rows = formats.map((format) => {
    const own = verdicts.filter((one) => one.format === format);
    const cells = STATES.map((state) => {
      const verdict = own.find((one) => one.state === state);
      return verdict === undefined ? '' : wordOf(verdict);
    });
    return `| ${format} | ${own[0]?.tool ?? ''} | ${cells.join(' | ')} |`;
  });
  const table = [`| Format | Real tool | ${STATES.join(' | ')} |`, `|---|---|${'---|'.repeat(STATES.length)}`, ...rows];
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  return `${before}${BEGIN}\n${table.join('\n')}\n${END}${after}`;
}
