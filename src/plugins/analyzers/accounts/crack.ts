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
  'digest-sha256': 1,
  'sha1-base64': 1,
  'sha1-salted': 1,
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
  const outputs = await inRounds(ordered.slice(0, MAX_GROUPS), words, until, context);
  for (const group of ordered) tellGroup(group, outputs.get(group) ?? NOTHING, answers);
  return answers;
}

function tellGroup({ method, settings, digests }: Group, output: CrackOutput, answers: Map<string, Cracked>): void {
  for (const digest of digests) {
    const word = output.found[digest];
    const state = output.done || word !== undefined ? 'done' : 'stopped';
    answers.set(`${method} ${settings}${digest}`, { state, ...(word === undefined ? {} : { word }) });
  }
}

/** The likeliest words on every hash first: a costly hash early in the list leaves the others something of the time. */
async function inRounds(
  groups: readonly Group[],
  words: readonly string[],
  until: number,
  context: AnalyzerContext,
): Promise<ReadonlyMap<Group, CrackOutput>> {
  const outputs = new Map<Group, CrackOutput>(groups.map((group) => [group, { found: {}, done: true }]));
  const part = async (group: Group, from: number, to: number): Promise<void> => {
    const before = outputs.get(group) ?? NOTHING;
    if (Object.keys(before.found).length === group.digests.size) return;
    const now = await tried(group, wordsBetween(group, words, from, to), until, context);
    outputs.set(group, { found: { ...before.found, ...now.found }, done: before.done && now.done });
  };
  for (const [from, to] of ROUNDS) await Promise.all(groups.map((group) => part(group, from, to)));
  return outputs;
}

const NOTHING: CrackOutput = { found: {}, done: false };
/** Parts of the list, which is ordered by likelihood. */
const ROUNDS: readonly (readonly [number, number])[] = [
  [0, 24],
  [24, 200],
  [200, Number.POSITIVE_INFINITY],
];

/** No password at all, and guesses made from names, go with the first words. */
const wordsBetween = ({ hints }: Group, words: readonly string[], from: number, to: number): readonly string[] => [
  ...new Set([...(from === 0 ? ['', ...hints] : []), ...words.slice(from, to)]),
];

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
  { method, settings, digests }: Group,
  words: readonly string[],
  until: number,
  context: AnalyzerContext,
): Promise<CrackOutput> {
  const input: CrackInput = { method, settings, digests: [...digests], words, until };
  return (await context.job('crack', input)) as CrackOutput;
}
