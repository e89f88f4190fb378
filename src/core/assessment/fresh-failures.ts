/** Which failing subjects of a check are new: not there before, under no name that the same thing may have had. */
import { canonicalJson } from '../../lib/canonical.ts';
import type { Fact } from '../model/fact.ts';
import type { CheckReport, Report, Result } from '../model/report.ts';
import { nameOf, type Subject } from '../model/target.ts';
import { citationsOf, factsById, gravestObligation, lastingName } from '../model/telling.ts';
import type { Obligation } from '../model/verdict.ts';

/** A check that fails on something new, whatever was mended meanwhile. */
export interface Growth {
  readonly check: string;
  readonly title: string;
  /** The gravest among the controls that fail by it. */
  readonly obligation: Obligation;
  /** Subjects that fail. */
  readonly before: number;
  readonly after: number;
  /** Names of the new ones. */
  readonly subjects: readonly string[];
}

export function freshFailures(before: Report, after: Report): readonly Growth[] {
  const old = new Map(before.checks.map((check) => [check.key, failing(check)]));
  const [wasFacts, isFacts] = [factsById(before), factsById(after)];
  const citations = citationsOf(after);
  return after.checks.flatMap((check) => {
    const cited = (citations.get(check.key) ?? []).filter(({ outcome }) => outcome === 'fail');
    const was = old.get(check.key) ?? [];
    const is = failing(check);
    const known = was.map((result) => namesOf(result, wasFacts));
    const fresh = unmatched(
      is.map((result) => namesOf(result, isFacts)),
      known,
    );
    if (fresh.length === 0 || cited.length === 0) return [];
    return [
      {
        check: check.key,
        title: check.title,
        obligation: gravestObligation(cited),
        before: was.length,
        after: is.length,
        subjects: fresh.flatMap((at) => (is[at] === undefined ? [] : [nameOf(is[at].subject)])),
      },
    ];
  });
}

const failing = ({ results }: CheckReport): readonly Result[] => results.filter(({ outcome }) => outcome === 'fail');

/** Indices of what no other is left for, taking the surest name first; each other stands for one. */
function unmatched(here: readonly Names[], there: readonly Names[]): readonly number[] {
  let left = here.map((_, at) => at);
  const free = new Set(there.keys());
  for (const sort of [0, 1, 2]) {
    const known = new Map<string, number[]>();
    for (const at of free) {
      const name = there[at]?.[sort];
      if (name !== undefined) known.set(name, [...(known.get(name) ?? []), at]);
    }
    left = left.filter((at) => {
      const match = known.get(here[at]?.[sort] ?? '')?.shift();
      if (match !== undefined) free.delete(match);
      return match === undefined;
    });
  }
  return left;
}

/**
 * The lasting name; what identifies it wherever it lies; what is left of its name without what releases and benches differ
 * in: a file's folders, versions and build numbers, an endpoint's address.
 */
type Names = readonly [lasting: string, identity: string | undefined, stem: string | undefined];

function namesOf({ subject, facts: cited }: Result, facts: ReadonlyMap<string, Fact>): Names {
  const lasting = lastingName(subject);
  const known = cited.flatMap((id) => facts.get(id) ?? []);
  return [lasting, identityOf(subject.kind, known), stemOf(subject, lasting)];
}

function stemOf(subject: Subject, lasting: string): string | undefined {
  if (subject.kind === 'endpoint') return `${subject.port}/${subject.transport}`;
  if (subject.kind !== 'file') return undefined;
  const base = lasting.slice(lasting.lastIndexOf('/') + 1);
  return base.replace(/[0-9a-f]{7,64}|\d+(?:[.-]\d+)*/g, '0');
}

/** Members that tell one thing from every other; without one of them, equal facts are of equal things at most. */
const IDENTIFYING = ['spki', 'sha256', 'fingerprint'];
/** Members that say where a thing lies. */
const PLACES = ['file', 'line', 'offset', 'path', 'root'];

function identityOf(kind: Result['subject']['kind'], facts: readonly Fact[]): string | undefined {
  const data = facts.map((fact) => [fact.type, fact.data as { readonly [name: string]: unknown }] as const);
  const identified = data.some(([, members]) => IDENTIFYING.some((name) => typeof members[name] === 'string'));
  // A service that moved to another port says the same of itself there.
  if (data.length === 0 || !(identified || kind === 'endpoint')) return undefined;
  const told = data.map(([type, members]) => [
    type,
    Object.fromEntries(Object.entries(members).filter(([name]) => !PLACES.includes(name))),
  ]);
  return canonicalJson(told);
}
