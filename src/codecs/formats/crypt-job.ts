/** The cracking job of a worker thread: tries a list of words on the hashes of one group until found, done or out of time. */
import type { HashMethod } from './crypt.ts';
import { guessFor } from './crypt-guess.ts';

export interface CrackInput {
  readonly method: HashMethod;
  /** What the hashes share: `StoredHash.group` without the method. */
  readonly settings: string;
  /** Digests wanted; each is looked for until found. */
  readonly digests: readonly string[];
  readonly words: readonly string[];
  /** Milliseconds since 1970 at which to stop. */
  readonly until: number;
}
export interface CrackOutput {
  /** Words found, by digest. */
  readonly found: { readonly [digest: string]: string };
  /** Every word was tried, or every digest found. */
  readonly done: boolean;
}

export async function run(given: unknown): Promise<CrackOutput> {
  const input = given as CrackInput;
  const guess = await guessFor(input.method, input.settings);
  const open = new Set(input.digests);
  const found: { [digest: string]: string } = {};
  for (const word of input.words) {
    if (open.size === 0) break;
    if (Date.now() >= input.until) return { found, done: false };
    const digest = guess(word);
    if (open.delete(digest)) found[digest] = word;
  }
  return { found, done: true };
}
