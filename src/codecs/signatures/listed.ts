/** Files that a signed list names, held against those that were given. */
import type { Blob } from '../../lib/blob.ts';
import type { Stanza } from '../formats/feed.ts';
import { messageOf } from './message.ts';

export interface Named {
  readonly path: string;
  readonly size?: number;
  /** Hex. */
  readonly sha256: string;
}

export interface Compared {
  readonly same: number;
  readonly absent: number;
  readonly broken: readonly string[];
}

/** The files of an index that a strong hash binds. */
export const packagesIn = (stanzas: readonly Stanza[]): readonly Named[] =>
  stanzas.flatMap(({ file, size, sha256 }) =>
    sha256 === undefined || file === '' ? [] : [{ path: file, sha256, ...(size === undefined ? {} : { size }) }],
  );

interface Around {
  readonly signal: AbortSignal;
  sibling(path: string): Blob | undefined;
}

/** A file is looked for under its whole path, then under its name alone: deliveries are often flat. */
export async function compareListed(context: Around, named: readonly Named[]): Promise<Compared> {
  let same = 0;
  let absent = 0;
  const broken: string[] = [];
  for (const { path, size, sha256 } of named) {
    const blob = context.sibling(path) ?? context.sibling(path.split('/').at(-1) ?? '');
    if (blob === undefined) absent += 1;
    else if (await holds(blob, size, sha256, context.signal)) same += 1;
    else broken.push(`${path} is not the file that the index names`);
  }
  return { same, absent, broken: broken.slice(0, 100) };
}

async function holds(blob: Blob, size: number | undefined, sha256: string, signal: AbortSignal): Promise<boolean> {
  if (size !== undefined && size !== blob.size) return false;
  const digest = await messageOf(blob, [{ start: 0, end: blob.size }]).digest('sha256', signal);
  return digest.toString('hex') === sha256;
}

export const comparedNote = ({ same, absent, broken }: Compared, what: string): string =>
  `${same + absent + broken.length} ${what} named: ${same} here and as named, ${broken.length} here and different, ${absent} not given or not compared`;
