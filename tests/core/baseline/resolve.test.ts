/** A baseline as it is resolved: every member of a control, what is left out, and mistakes of references. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseReference } from '../../../src/core/baseline/library.ts';
import { aLibrary, problemsOf, told, yaml } from '../../support/library.ts';

const CHECKS = `checks:
  - id: own/floor
    title: T
    params: { floor: TLSv1.2 }
    severity: high
    expect: { every: tls.protocol, where: { accepted: true }, satisfies: { version: { tlsAtLeast: { $param: floor } } } }
    remediation: R
    examples:
      - { outcome: pass, facts: [{ tls.protocol: { version: TLSv1.2, accepted: true } }] }
      - { outcome: fail, facts: [{ tls.protocol: { version: TLSv1, accepted: true } }] }
`;
const UNIT = '{ id: a, mark: person, work: W }';
const std = (controls: string, more = ''): string => `id: std\nversion: "1"\ntitle: S\n${more}controls:\n${controls}`;
const resolved = async (text: string, reference = 'std') =>
  (await aLibrary({ checks: [CHECKS], baselines: [text] })).baseline(reference);

describe('a control', () => {
  test('with everything keeps everything', async () => {
    const text = `  - id: "1"
    title: Title
    text: Text.
    section: Section
    obligation: recommended
    status: M C (1)
    applies: { all: [ip, { not: battery }] }
    deemedBy: [other/2]
    draft: true
    confidence: partial
    note: Note.
    references: [{ standard: etsi, ids: [5.1-1] }, { standard: nist, ids: [a], judged: true }]
    units:
      - { id: a, title: Unit, mark: refute, checks: [own/floor, { check: own/floor, params: { floor: TLSv1.3 } }], work: Look. }
`;
    const { controls } = await resolved(std(text));
    expect(controls).toMatchObject([
      {
        id: '1',
        title: 'Title',
        text: 'Text.',
        section: 'Section',
        obligation: 'recommended',
        status: 'M C (1)',
        applies: { all: [{ feature: 'ip' }, { not: { feature: 'battery' } }] },
        deemedBy: ['other/2'],
        draft: true,
        confidence: 'partial',
        note: 'Note.',
        references: [
          { standard: 'etsi', ids: ['5.1-1'], judged: false },
          { standard: 'nist', ids: ['a'], judged: true },
        ],
        at: { file: 'baseline-0.yaml', line: 5, column: 5 },
      },
    ]);
    expect(controls[0]?.units).toMatchObject([{ id: 'a', title: 'Unit', mark: 'refute', work: 'Look.' }]);
    expect(controls[0]?.units[0]?.checks.map(({ key }) => key)).toEqual([
      'own/floor{floor=TLSv1.2}',
      'own/floor{floor=TLSv1.3}',
    ]);
  });
  test('with the least has nothing more', async () => {
    const { controls, ...whole } = await resolved(
      std(`  - { id: "1", title: T, text: X, obligation: mandatory, units: [${UNIT}] }\n`),
    );
    expect(controls).toEqual([
      {
        id: '1',
        title: 'T',
        text: 'X',
        obligation: 'mandatory',
        applies: { always: true },
        units: [{ id: 'a', mark: 'person', checks: [], work: 'W' }],
        references: [],
        at: { file: 'baseline-0.yaml', line: 5, column: 5 },
      },
    ]);
    expect(whole).toEqual({
      id: 'std',
      version: '1',
      revision: '1',
      title: 'S',
      levels: [],
      excluded: [],
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      at: { file: 'baseline-0.yaml', line: 1, column: 1 },
    });
  });
});

describe('levels', () => {
  const text = std(
    `  - { id: "1", title: T, text: X, levels: [high], units: [${UNIT}] }\n  - { id: "2", title: T, text: X, obligation: recommended, levels: [low], units: [${UNIT}] }\n  - { id: "3", title: T, text: X, obligation: recommended, units: [${UNIT}] }\n`,
    'levels: [low, high]\ndefaultLevel: low\nrevision: "4"\n',
  );
  const obligations = async (reference: string) =>
    (await resolved(text, reference)).controls.map(({ obligation }) => obligation);
  test('say what is asked where, by default and by reference', async () => {
    expect(await obligations('std')).toEqual(['advisory', 'recommended', 'recommended']);
    expect(await obligations('std:high')).toEqual(['mandatory', 'advisory', 'recommended']);
    expect(await resolved(text, 'std@1:high')).toMatchObject({ level: 'high', levels: ['low', 'high'], revision: '4' });
  });
  test('that there are not are told, for a baseline without any too', async () => {
    const none = std(`  - { id: "1", title: T, text: X, obligation: mandatory, units: [${UNIT}] }\n`);
    expect((await problemsOf(() => resolved(none, 'std:high'))).map(({ message, hint }) => [message, hint])).toEqual([
      ['std has no levels', undefined],
    ]);
    expect((await problemsOf(() => resolved(text, 'std:zzzzzz'))).map(({ message, hint }) => [message, hint])).toEqual([
      ["std has no level 'zzzzzz'", 'levels: low, high'],
    ]);
  });
});

describe('a reference', () => {
  test.each([
    ['a:b.c', { id: 'a:b.c' }],
    ['x:y', { path: undefined, id: 'x:y' }],
    ['ab:y', { id: 'ab', level: 'y' }],
    ['ours.yml', { path: 'ours.yml' }],
    ['ours.yml:high', { path: 'ours.yml', level: 'high' }],
    ['ours.yamlx', { id: 'ours.yamlx' }],
    ['a\\b', { path: 'a\\b' }],
    ['std@1@2', { id: 'std', version: '1@2' }],
    ['@1', { id: '', version: '1' }],
    ['std:', { id: 'std:' }],
  ])('%s', (text, parsed) => {
    expect(parseReference(text)).toEqual(
      Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined)),
    );
  });
  test('to nothing that is known lists what is, or how a file is named', async () => {
    const text = std(`  - { id: "1", title: T, text: X, obligation: mandatory, units: [${UNIT}] }\n`);
    const hint = async (reference: string) =>
      (await problemsOf(() => resolved(text, reference))).map((one) => `${one.message} (${one.hint})`);
    expect(await hint('zzzzzz')).toEqual(["there is no baseline 'zzzzzz' (baselines: std)"]);
    expect(await hint('package')).toEqual(["there is no baseline 'package' (baselines: std)"]);
    expect(await hint('src')).toEqual(["there is no baseline 'src' (for a file write ./src)"]);
    expect(await hint('std@2')).toEqual(["there is no edition '2' of std (editions: 1)"]);
  });
});

describe('files of one’s own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-resolves-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const control = `controls:\n  - { id: "1", title: T, text: X, obligation: mandatory, units: [{ id: a, mark: decide, checks: [own/floor] }] }\n`;
  const ours = (more: string): string => `id: ours\nversion: "1"\ntitle: O\n${more}`;

  test('of the wrong shape are told and not resolved', async () => {
    const path = write('wrong.yaml', ours('contorls: []\n'));
    expect((await problemsOf(async () => (await aLibrary({})).baseline(path))).map(told)).toEqual([
      "1:1 needs 'controls' or 'extends'",
      "4:1 'contorls' is not known here (did you mean 'controls'?)",
    ]);
  });
  test('that use checks of the wrong shape are not resolved with them', async () => {
    write('bad.yaml', 'checks:\n  - { id: own/floor }\n');
    const problems = await problemsOf(async () =>
      (await aLibrary({})).baseline(write('a.yaml', ours(`uses: [./bad.yaml]\n${control}`))),
    );
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.filter(({ message }) => message.includes('there is no check'))).toEqual([]);
  });
  test('that bring a check which is there already say so, at that check', async () => {
    write('again.yaml', CHECKS);
    const problems = await problemsOf(async () =>
      (await aLibrary({ checks: [CHECKS] })).baseline(write('b.yaml', ours(`uses: [./again.yaml]\n${control}`))),
    );
    expect(problems.map(told)).toEqual(["2:5 there is a check 'own/floor' already"]);
  });
  test('whose check is broken tell it once, however often it is cited', async () => {
    write('broken.yaml', CHECKS.replace('tls.protocol, where', 'tls.protcol, where'));
    const twice = control.replace('[own/floor]', '[own/floor, { check: own/floor, params: { floor: TLSv1.3 } }]');
    const problems = await problemsOf(async () =>
      (await aLibrary({})).baseline(write('c.yaml', ours(`uses: [./broken.yaml]\n${twice}`))),
    );
    expect(problems.map(told)).toEqual(["6:22 there is no fact 'tls.protcol' (did you mean 'tls.protocol'?)"]);
  });
  test('may extend each other eight deep, and no deeper', async () => {
    const chain = (length: number): string => {
      write('d0.yaml', ours(`uses: [./ok.yaml]\n${control}`));
      for (let at = 1; at <= length; at += 1) write(`d${at}.yaml`, ours(`extends: ./d${at - 1}.yaml\n`));
      return join(folder, `d${length}.yaml`);
    };
    write('ok.yaml', CHECKS);
    expect((await (await aLibrary({})).baseline(chain(8))).controls).toHaveLength(1);
    expect(
      (await problemsOf(async () => (await aLibrary({})).baseline(chain(9)))).map(({ message }) => message),
    ).toEqual(['baselines extend each other in a circle']);
  });
  test('take publisher, licence, levels and level from what they extend, unless they say their own', async () => {
    write(
      'base.yaml',
      ours(`publisher: P\nlicence: L\nlevels: [low, high]\ndefaultLevel: low\nuses: [./ok.yaml]\n${control}`),
    );
    write('ok.yaml', CHECKS);
    const library = await aLibrary({});
    expect(await library.baseline(write('e.yaml', ours('extends: ./base.yaml\n')))).toMatchObject({
      publisher: 'P',
      licence: 'L',
      levels: ['low', 'high'],
      level: 'low',
    });
    expect(
      await library.baseline(write('f.yaml', ours('extends: ./base.yaml:high\npublisher: Q\nlicence: M\n'))),
    ).toMatchObject({
      publisher: 'Q',
      licence: 'M',
      level: 'high',
    });
  });
  test('may be resolved as they were read', async () => {
    const problems: Parameters<typeof told>[0][] = [];
    const library = await aLibrary({ checks: [CHECKS] });
    const made = await library.resolve(
      await yaml(ours(`levels: [low]\ndefaultLevel: low\n${control}`)),
      'hgih',
      problems,
    );
    expect(made?.level).toBeUndefined();
    expect(problems.map(({ message, hint }) => [message, hint])).toEqual([["ours has no level 'hgih'", 'levels: low']]);
  });
});

test('a check is compiled once for each set of parameters', async () => {
  const text = std(
    `  - { id: "1", title: T, text: X, obligation: mandatory, units: [{ id: a, mark: decide, checks: [own/floor, { check: own/floor, params: { floor: TLSv1.3 } }] }, { id: b, mark: decide, checks: [own/floor] }] }\n`,
  );
  const [one, two] = (await resolved(text)).controls[0]?.units ?? [];
  expect(one?.checks[0]).toBe(two?.checks[0]);
  expect(one?.checks[0]).not.toBe(one?.checks[1]);
});
