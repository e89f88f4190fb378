/** Tries the list of default and common passwords on hashes: cheap schemes first, equal salts together, on worker threads, until time is up. */
import type { HashMethod, StoredHash } from '../../../codecs/formats/crypt.ts';
import type { CrackInput, CrackOutput } from '../../../codecs/formats/crypt-job.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';

export type CrackState = 'done' | 'stopped' | 'unsupported' | 'not-tried';
export interface Cracked {
  readonly state: CrackState;
  /** The password, when it was found. */
  readonly word?: string;
}

/** Rough cost of one guess, to order the work; the unit does not matter. */
const COST: { readonly [method in HashMethod]: number } = {
  'digest-md5': 1,
  'sha1-base64': 1,
  nt: 1,
  lm: 2,
  'mosquitto-sha512': 2,
  des: 100,
  'mosquitto-pbkdf2': 100,
  md5crypt: 500,
  sha512crypt: 4000,
  sha256crypt: 6000,
  bcrypt: 100_000,
};
const MAX_GROUPS = 500;

interface Group {
  readonly method: HashMethod;
  readonly settings: string;
  readonly digests: Set<string>;
  readonly hints: Set<string>;
}

/** One answer for each distinct hash, by `keyOf`. `hints` are guesses made from the account and the device. */
export async function crackAll(
  hashes: readonly { readonly hash: StoredHash; readonly hints: readonly string[] }[],
  words: readonly string[],
  context: AnalyzerContext,
): Promise<ReadonlyMap<string, Cracked>> {
  const answers = new Map<string, Cracked>();
  const groups = new Map<string, Group>();
  for (const { hash, hints } of hashes) {
    if (hash.method === undefined) answers.set(keyOf(hash), { state: 'unsupported' });
    else if (context.settings.crackSeconds <= 0) answers.set(keyOf(hash), { state: 'not-tried' });
    else join(groups, hash, hash.method, hints);
  }
  const ordered = [...groups.values()].sort((a, b) => COST[a.method] - COST[b.method]);
  const until = Date.now() + context.settings.crackSeconds * 1000;
  const work = ordered.map(async (group, index) => {
    const output = index < MAX_GROUPS ? await tried(group, words, until, context) : { found: {}, done: false };
    for (const digest of group.digests) {
      const word = output.found[digest];
      const state = output.done || word !== undefined ? 'done' : 'stopped';
      answers.set(`${group.method} ${group.settings}${digest}`, { state, ...(word === undefined ? {} : { word }) });
    }
  });
  await Promise.all(work);
  return answers;
}

export const keyOf = (hash: StoredHash): string => hash.group + hash.digest;

function join(groups: Map<string, Group>, hash: StoredHash, method: HashMethod, hints: readonly string[]): void {
  const group = groups.get(hash.group) ?? {
    method,
    settings: hash.group.slice(method.length + 1),
    digests: new Set<string>(),
    hints: new Set<string>(),
  };
  groups.set(hash.group, group);
  group.digests.add(hash.digest);
  for (const hint of hints) if (group.hints.size < 1000) group.hints.add(hint);
}

async function tried(
  group: Group,
  words: readonly string[],
  until: number,
  context: AnalyzerContext,
): Promise<CrackOutput> {
  const { method, settings, digests, hints } = group;
  const input: CrackInput = {
    method,
    settings,
    digests: [...digests],
    words: [...new Set([...hints, ...words])],
    until,
  };
  return (await context.job('crack', input)) as CrackOutput;
}
