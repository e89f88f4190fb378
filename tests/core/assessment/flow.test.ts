/** Probes begin on an endpoint before all are known, see nothing of others, and let logins go on once they have asked all. */
import { describe, expect, test } from 'vitest';
import type { Probe } from '../../../src/core/model/gatherer.ts';
import { FaultError } from '../../../src/lib/fault.ts';
import { probe, run } from '../../support/house.ts';
import { DOOR, endpoint, LOCK, PAIR } from '../../support/judge.ts';

const open = { ok: true, kind: 'a' };
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A finder of two doors, one at once and one at the end, and what looks at each; `log` is the order of it all. */
function house(log: string[], marks: Partial<Probe> = {}) {
  const finder = probe('net/find', {
    finds: 'tcp',
    observe: async (_, { emit }) => {
      emit(DOOR, open, { subject: endpoint(1) });
      await later(30);
      log.push('found');
      emit(DOOR, open, { subject: endpoint(2) });
    },
  });
  const looker = probe('net/look', {
    consumes: [DOOR],
    produces: [LOCK],
    subjects: (facts) => facts.of(DOOR).map(({ subject }) => subject as never),
    observe: async (subject, { emit, facts }) => {
      log.push(`look ${'port' in subject ? subject.port : 0} of ${facts.of(DOOR).length}`);
      emit(LOCK, open);
    },
    ...marks,
  });
  return { finder, looker };
}

describe('a probe', () => {
  test('begins on an endpoint while others are still looked for, and sees that endpoint alone', async () => {
    const log: string[] = [];
    const { finder, looker } = house(log);
    const { facts, gaps } = await run({ probes: [looker, finder] });
    expect(log).toEqual(['look 1 of 1', 'found', 'look 2 of 1']);
    expect(facts.filter(({ type }) => type === LOCK.name)).toHaveLength(2);
    expect(gaps).toEqual([]);
  });

  test('that reads of more than its endpoint waits for all', async () => {
    const log: string[] = [];
    const { finder, looker } = house(log, { wide: true });
    await run({ probes: [looker, finder] });
    expect(log).toEqual(['found', 'look 1 of 2', 'look 2 of 2']);
  });

  test('waits for a finder that does not say what it finds', async () => {
    const log: string[] = [];
    const { finder, looker } = house(log);
    const { finds: _, ...silent } = finder;
    await run({ probes: [looker, silent as Probe] });
    expect(log).toEqual(['found', 'look 1 of 1', 'look 2 of 1']);
  });

  test('does not wait for a finder of another transport, but for one of its own', async () => {
    const log: string[] = [];
    const { finder, looker } = house(log);
    const slow = (finds: 'tcp' | 'udp') =>
      probe(`net/slow-${finds}`, { finds, observe: () => later(60).then(() => void log.push(`slow ${finds}`)) });
    await run({ probes: [looker, finder, slow('udp')] });
    expect(log).toEqual(['look 1 of 1', 'found', 'look 2 of 1', 'slow udp']);
    log.length = 0;
    await run({ probes: [looker, finder, slow('tcp')] });
    expect(log).toEqual(['found', 'slow tcp', 'look 1 of 1', 'look 2 of 1']);
  });

  test('that is fed by one that has nothing there begins; by one that is at work there, it waits', async () => {
    const log: string[] = [];
    const { finder, looker } = house(log);
    const between = (at: number) =>
      probe('net/between', {
        consumes: [DOOR],
        produces: [PAIR],
        subjects: (facts) =>
          facts.of(DOOR).flatMap(({ subject }) => ('port' in subject && subject.port === at ? [subject as never] : [])),
        observe: () => later(60).then(() => void log.push('between')),
      });
    const fed = { ...looker, consumes: [DOOR, PAIR] };
    await run({ probes: [fed, between(2), finder] });
    expect(log).toEqual(['look 1 of 1', 'found', 'between', 'look 2 of 1']);
    log.length = 0;
    await run({ probes: [fed, between(1), finder] });
    expect(log.indexOf('look 1 of 1')).toBeGreaterThan(log.indexOf('between'));
  });

  test('whose subjects break once is told of once, at the end', async () => {
    const { finder, looker } = house([], {
      subjects: () => {
        throw new FaultError('malformed', 'no');
      },
    });
    const { gaps } = await run({ probes: [looker, finder] });
    expect(gaps.map(({ source }) => source)).toEqual(['net/look']);
  });
});

describe('logins', () => {
  const login = (log: string[]) =>
    probe('b/login', { intrusion: 'intrusive', produces: [PAIR], observe: async () => void log.push('login') });

  test('wait for harmless probes until those have asked all that they ask', async () => {
    const log: string[] = [];
    const patient = house(log, {
      observe: async (_, { asked }) => {
        log.push('asked');
        asked();
        await later(60);
        log.push('answered');
      },
    });
    await run({ probes: [login(log), patient.looker, patient.finder] });

    expect(log.indexOf('login')).toBeGreaterThan(log.lastIndexOf('asked'));
    expect(log.indexOf('login')).toBeLessThan(log.lastIndexOf('answered'));
  });

  test('wait for the answers of what did not say so', async () => {
    const log: string[] = [];
    const slow = house(log, {
      observe: async () => {
        await later(60);
        log.push('answered');
      },
    });
    await run({ probes: [login(log), slow.looker, slow.finder] });
    expect(log.at(-1)).toBe('login');
  });
});
