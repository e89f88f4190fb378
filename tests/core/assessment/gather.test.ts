/** Whatever breaks while gathering becomes a gap, and the rest goes on. */
import { describe, expect, test } from 'vitest';
import { FaultError } from '../../../src/lib/fault.ts';
import { analyzer, deriver, doors, given, probe, run, treeOf } from '../../support/house.ts';
import { DOOR, endpoint, LOCK, PAIR, ROOM } from '../../support/judge.ts';

const open = { ok: true, kind: 'a' };

describe('faults', () => {
  test('what a probe throws is a gap on that subject, and other subjects are looked at', async () => {
    const sweep = probe('net/sweep', {
      observe: async (_, { emit }) => {
        for (const port of [1, 2]) emit(DOOR, open, { subject: endpoint(port) });
      },
    });
    const locks = probe('net/locks', {
      consumes: [DOOR],
      produces: [LOCK],
      subjects: () => [endpoint(1) as never, endpoint(2) as never],
      observe: async (subject, { emit }) => {
        if (subject.kind === 'endpoint' && subject.port === 1) throw new FaultError('closed', 'closed mid-handshake');
        emit(LOCK, open);
      },
    });
    const { facts, gaps, gatherers } = await run({ probes: [locks, sweep] });
    expect(facts.filter(({ type }) => type === LOCK.name).map(({ subject }) => subject)).toEqual([endpoint(2)]);
    expect(gaps).toMatchObject([
      { source: 'net/locks', scope: endpoint(1), area: 'tcp', facts: [LOCK.name], unseen: { kind: 'closed' } },
    ]);
    expect(gatherers.find(({ id }) => id === 'net/locks')?.status).toBe('partial');
  });

  test('a bug of ours is a gap of kind bug, and the run goes on', async () => {
    const broken = probe('net/broken', {
      observe: async () => {
        throw new TypeError('undefined is not a function');
      },
    });
    const { gaps } = await run({ probes: [broken, probe('net/fine', { produces: [LOCK] })] });
    expect(gaps).toMatchObject([{ source: 'net/broken', unseen: { kind: 'bug' } }]);
  });

  test('subjects() that throws leaves everything open that the gatherer would have told', async () => {
    const broken = probe('net/broken', {
      consumes: [LOCK],
      subjects: () => {
        throw new TypeError('no');
      },
    });
    const { gaps } = await run({ probes: [broken] });
    expect(gaps).toMatchObject([{ facts: [DOOR.name], unseen: { kind: 'bug' } }]);
  });

  test('a gatherer that does not heed its time is left behind, and what it says later is dropped', async () => {
    let late: (() => void) | undefined;
    const slow = probe('net/slow', {
      observe: (_, { emit }) =>
        new Promise((resolve) => {
          late = () => {
            emit(DOOR, open);
            resolve();
          };
        }),
    });
    const { facts, gaps } = await run({ probes: [slow] }, { limit: 30 });
    late?.();
    expect(facts).toEqual([]);
    expect(gaps.every(({ unseen }) => unseen.kind === 'timeout')).toBe(true);
    expect(gaps.length).toBeGreaterThan(0);
  });

  test('an aborted run ends at once and says so', async () => {
    const controller = new AbortController();
    const slow = probe('net/slow', { observe: () => new Promise(() => {}) });
    const started = Date.now();
    setTimeout(() => controller.abort(), 20);
    const { gaps } = await run({ probes: [slow] }, { signal: controller.signal });
    expect(Date.now() - started).toBeLessThan(900);
    expect(gaps.some(({ unseen }) => unseen.kind === 'stopped')).toBe(true);
  });

  test('control characters of what the world said do not get into a gap', async () => {
    const rude = probe('net/rude', {
      observe: async () => {
        throw new FaultError('malformed', 'said \u001b[2Jhello');
      },
    });
    const { gaps } = await run({ probes: [rude] });
    expect(gaps[0]?.unseen.message).toBe('said \\x1b[2Jhello');
  });
});

describe('order', () => {
  test('what feeds comes before what is fed, and a deriver sees complete coverage', async () => {
    const seen: unknown[] = [];
    const rooms = analyzer('rooms', [ROOM], { observe: (_, __, { emit }) => void emit(ROOM, open) });
    const join = deriver('join', [ROOM, DOOR], [PAIR], {
      observe: async (_, { facts }) => {
        seen.push(facts.named(ROOM.name).length, facts.coverage(DOOR.name, 'endpoint').complete);
      },
    });
    const doorsProbe = probe('net/doors', { observe: async (_, { emit }) => void emit(DOOR, open) });
    await run({ derivers: [join], probes: [doorsProbe], analyzers: [rooms] }, { doors: doors(treeOf({ a: 'x' })) });
    expect(seen).toEqual([1, true]);
  });

  test('a circle is told by name', async () => {
    const round = [deriver('a', [LOCK], [PAIR]), deriver('b', [PAIR], [LOCK])];
    await expect((async () => run({ derivers: round }))()).rejects.toThrow(/circle: a → b → a/);
  });

  test('harmless probes run before those that could lock somebody out', async () => {
    const order: string[] = [];
    const step = (id: string, intrusion: 'safe' | 'intrusive') =>
      probe(id, {
        intrusion,
        observe: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(id);
        },
      });
    await run({ probes: [step('b/login', 'intrusive'), step('z/look', 'safe')] });
    expect(order).toEqual(['z/look', 'b/login']);
  });
});

describe('images', () => {
  test('each file is read once, for its digest and for all analyzers that want it', async () => {
    const reads: string[] = [];
    const text: string[] = [];
    const reader = (id: string) =>
      analyzer(id, [ROOM], {
        wants: ({ path }) => path !== 'c',
        observe: (_, content) => void text.push(Buffer.from(content.read(0, content.size)).toString()),
      });
    await run(
      { analyzers: [reader('one'), reader('two')] },
      { doors: doors(treeOf({ a: 'A', b: 'B', c: 'C' }, reads)) },
    );
    expect(reads).toEqual(['a', 'b', 'c']);
    expect(text).toEqual(['A', 'A', 'B', 'B']);
  });

  test('a file on which an analyzer breaks is a gap, and the next file is looked at', async () => {
    const rooms = analyzer('rooms', [ROOM], {
      observe: ({ path }, _, { emit }) => {
        if (path === 'a') throw new FaultError('malformed', 'broken file');
        emit(ROOM, open);
      },
    });
    const { facts, gaps } = await run({ analyzers: [rooms] }, { doors: doors(treeOf({ a: '', b: '' })) });
    expect(facts.map(({ subject }) => subject)).toEqual([{ kind: 'file', path: 'b' }]);
    expect(gaps).toMatchObject([{ scope: { kind: 'file', path: 'a' }, area: 'root-file-system', facts: [ROOM.name] }]);
  });

  test('an image that cannot be opened leaves open what every analyzer would have told', async () => {
    const images = {
      open: async () => {
        throw new FaultError('malformed', 'no image');
      },
      job: async () => undefined,
    };
    const { gaps } = await run({ analyzers: [analyzer('rooms', [ROOM])] }, { doors: doors(treeOf({}), { images }) });
    expect(gaps.flatMap(({ facts }) => facts)).toContain(ROOM.name);
  });

  test('an image without a root file system leaves questions about one open', async () => {
    const { gaps } = await run({ analyzers: [analyzer('rooms', [ROOM])] }, { doors: doors(treeOf({ a: '' }, [], 0)) });
    expect(gaps).toMatchObject([{ area: 'root-file-system', unseen: { kind: 'not-given', flag: '--firmware' } }]);
  });

  test('finish runs for each image, also where no file was wanted', async () => {
    const finished: string[] = [];
    const idle = analyzer('idle', [ROOM], { wants: () => false, finish: ({ tree }) => void finished.push(tree.image) });
    await run({ analyzers: [idle] }, { doors: doors(treeOf({ a: '' })) });
    expect(finished).toEqual(['fw.bin']);
  });
});

describe('what is withheld', () => {
  test('without a device every probe is not given, and names the flag', async () => {
    const { gaps, gatherers } = await run({ probes: [probe('net/doors')] }, { given: given({ devices: false }) });
    expect(gaps).toMatchObject([{ area: 'endpoint', facts: [DOOR.name], unseen: { flag: '--device' } }]);
    expect(gatherers).toContainEqual({ id: 'net/doors', status: 'not-given', facts: 0, ms: 0 });
  });
  test('an intrusive gatherer without the word of the user does not run', async () => {
    let ran = false;
    const login = probe('login', {
      intrusion: 'intrusive',
      observe: async () => {
        ran = true;
      },
    });
    const { gaps } = await run({ probes: [login] }, { given: given({ refuses: () => '--credentials' }) });
    expect(ran).toBe(false);
    expect(gaps[0]?.unseen).toMatchObject({ kind: 'not-given', flag: '--credentials' });
  });
  test('what was not given closes over what feeds on it', async () => {
    const join = deriver('join', [DOOR, ROOM], [PAIR]);
    const { gaps } = await run(
      { probes: [probe('net/doors')], analyzers: [analyzer('rooms', [ROOM])], derivers: [join] },
      { given: given({ devices: false }), doors: doors(treeOf({})) },
    );
    expect(gaps.find(({ source }) => source === 'net/doors')?.facts).toEqual([PAIR.name, DOOR.name]);
  });
});
