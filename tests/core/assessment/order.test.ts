/** Which gatherers wait for which others, over the whole registry. */
import { expect, test } from 'vitest';
import { openRegistry } from '../../../src/cli/compose.ts';
import { waitsOf } from '../../../src/core/assessment/order.ts';
import { plan, type Step } from '../../../src/core/assessment/plan.ts';

const everything = { devices: true, images: true, updates: true, declaration: true, refuses: () => undefined };
const { steps } = plan(await openRegistry(), 'all', everything);
const waits = waitsOf(steps);
const isIntrusive = (step: Step): boolean => step.kind === 'probe' && step.gatherer.intrusion === 'intrusive';

/** All that a step waits for, by whatever way. */
function before(step: Step): ReadonlySet<Step> {
  const seen = new Set<Step>();
  const queue = [...(waits.get(step) ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(waits.get(next) ?? []));
  }
  return seen;
}

test('no step waits for itself', () => {
  for (const step of steps) expect(before(step).has(step)).toBe(false);
});

test('what a step consumes was gathered before, by every gatherer of it that does not stand beside it', () => {
  for (const step of steps) {
    const names = new Set('consumes' in step.gatherer ? step.gatherer.consumes.map(({ name }) => name) : []);
    const feeding = steps.filter(
      (one) => one.layer < step.layer && one.gatherer.produces.some((t) => names.has(t.name)),
    );
    for (const other of feeding) expect(before(step).has(other)).toBe(true);
  }
});

test('probes wait for what reads files; those that could provoke a lock-out for every harmless one that does not rest on them', () => {
  const opening = steps.find(({ kind }) => kind === 'opening');
  const probes = steps.filter(({ kind }) => kind === 'probe');
  const intrusive = probes.filter(isIntrusive);
  expect(intrusive.length).toBeGreaterThan(5);
  for (const probe of probes) expect(opening !== undefined && before(probe).has(opening)).toBe(true);
  for (const late of intrusive) {
    for (const early of probes.filter((one) => !isIntrusive(one))) {
      if (![...before(early)].some(isIntrusive)) expect(before(late).has(early)).toBe(true);
    }
  }
});

test('whether the device still answers is asked after every other harmless probe', () => {
  const health = steps.find(({ gatherer }) => gatherer.id === 'net/health');
  const harmless = steps.filter((one) => one.kind === 'probe' && !isIntrusive(one) && one !== health);
  expect(health).toBeDefined();
  for (const probe of harmless) {
    if (![...before(probe)].some(isIntrusive)) expect(health && before(health).has(probe)).toBe(true);
  }
});
