/** Which steps of a plan wait for which others: for what feeds them, and where the order is a matter of care. */
import type { Step } from './plan.ts';

const consumed = ({ gatherer }: Step): ReadonlySet<string> =>
  new Set('consumes' in gatherer ? gatherer.consumes.map(({ name }) => name) : []);

const isIntrusive = (step: Step): boolean => step.kind === 'probe' && step.gatherer.intrusion === 'intrusive';
const isLast = (step: Step): boolean => step.kind === 'probe' && step.gatherer.last === true;
const isFiles = (step: Step): boolean => step.kind === 'opening' || step.kind === 'analyzer';

/**
 * Beside those that feed it: whatever feeds on an analyzer waits for the opening, which runs them all; a probe waits for what
 * reads files, since a busy main thread would let a device look silent; the last of the harmless probes for all other
 * harmless ones, and those that could provoke a lock-out for all harmless ones that do not rest on them.
 */
export function waitsOf(steps: readonly Step[]): ReadonlyMap<Step, readonly Step[]> {
  const waits = new Map(steps.map((step) => [step, new Set(feeding(step, steps))]));
  const rests = resting(waits);
  const add = (late: readonly Step[], early: readonly Step[]): void => {
    for (const step of late)
      for (const other of early) if (other !== step && !rests(other, step)) waits.get(step)?.add(other);
  };
  const probes = steps.filter(({ kind }) => kind === 'probe');
  const fed = steps.filter((step) => !isFiles(step) && [...(waits.get(step) ?? [])].some(isFiles));
  add(
    [...fed, ...probes],
    steps.filter(({ kind }) => kind === 'opening'),
  );
  const intrusive = probes.filter(isIntrusive);
  const harmless = probes.filter((step) => !isIntrusive(step) && !intrusive.some((one) => rests(step, one)));
  const last = harmless.filter(isLast);
  add(
    last,
    harmless.filter((step) => !isLast(step)),
  );
  add(intrusive, harmless);
  return new Map([...waits].map(([step, others]) => [step, [...others]]));
}

/** What feeds a step. Steps of one layer do not feed on one another. */
export function feeding(step: Step, steps: readonly Step[]): readonly Step[] {
  const names = consumed(step);
  return steps.filter(
    (other) => other.layer < step.layer && other.gatherer.produces.some(({ name }) => names.has(name)),
  );
}

/** Whether a step waits for another one, by whatever way. */
function resting(waits: ReadonlyMap<Step, ReadonlySet<Step>>): (step: Step, on: Step) => boolean {
  return (step, on) => {
    const seen = new Set<Step>();
    const queue = [...(waits.get(step) ?? [])];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (next === on) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(...(waits.get(next) ?? []));
    }
    return false;
  };
}
