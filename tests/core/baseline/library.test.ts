/** Baselines by reference: editions, levels, parameters, tailoring, and every mistake with its place. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseReference } from '../../../src/core/baseline/library.ts';
import { shapeProblems } from '../../../src/core/baseline/shape.ts';
import { aLibrary, blocksOf, problemsOf, told, yaml } from '../../support/library.ts';

const CHECKS = `checks:
  - id: tls/floor
    title: Nothing below {floor}
    params: { floor: [TLSv1.2, TLSv1.3] }
    severity: high
    expect: { every: tls.protocol, where: { accepted: true }, satisfies: { version: { $param: floor } } }
    remediation: Ask for {floor}.
    examples:
      - { outcome: pass, facts: [{ tls.protocol: { version: TLSv1.2, accepted: true } }] }
      - { outcome: fail, facts: [{ tls.protocol: { version: TLSv1, accepted: true } }] }
`;
const control = (id: string, more = ''): string =>
  `  - { id: "${id}", title: T, text: X, obligation: mandatory, ${more} units: [{ id: "${id}-a", mark: decide, checks: [tls/floor] }] }\n`;
const baseline = (version: string, controls: string, more = ''): string =>
  `id: std\nversion: "${version}"\ntitle: Standard\n${more}controls:\n${controls}`;

describe('references', () => {
  test.each([
    ['etsi', { id: 'etsi' }],
    ['etsi@2.1.1', { id: 'etsi', version: '2.1.1' }],
    ['etsi@2.1.1:high', { id: 'etsi', version: '2.1.1', level: 'high' }],
    ['etsi:high', { id: 'etsi', level: 'high' }],
    ['./ours.yaml', { path: './ours.yaml' }],
    ['./ours.yaml:high', { path: './ours.yaml', level: 'high' }],
    ['C:\\ours.yaml', { path: 'C:\\ours.yaml' }],
  ])('%s is understood', (text, parsed) => {
    expect(parseReference(text)).toEqual(parsed);
  });

  test('an id alone is the newest edition, numbers compared as numbers', async () => {
    const library = await aLibrary({
      checks: [CHECKS],
      baselines: ['2.9', '2.10'].map((v) => baseline(v, control('1'))),
    });
    expect((await library.baseline('std')).version).toBe('2.10');
    expect((await library.baseline('std@2.9')).version).toBe('2.9');
  });

  test.each([
    [['2021-12', '2022-01'], '2022-01'],
    [['2.1.1', '2.1', '2'], '2.1.1'],
    [['1.0-draft', '1.0'], '1.0-draft'],
    [['v9', 'v10'], 'v10'],
  ])('of %j the newest is %s', async (versions, newest) => {
    const library = await aLibrary({ checks: [CHECKS], baselines: versions.map((v) => baseline(v, control('1'))) });
    expect((await library.baseline('std')).version).toBe(newest);
  });

  test('an unknown id or edition names the known ones', async () => {
    const library = await aLibrary({ checks: [CHECKS], baselines: [baseline('1', control('1'))] });
    expect((await problemsOf(() => library.baseline('stb')))[0]?.hint).toBe("did you mean 'std'?");
    expect((await problemsOf(() => library.baseline('std@9')))[0]?.hint).toBe('editions: 1');
  });
});

describe('resolving', () => {
  test('parameters fill titles, remediation, conditions and keys', async () => {
    const text = baseline(
      '1',
      control('1').replace('[tls/floor]', '[{ check: tls/floor, params: { floor: [TLSv1.3] } }]'),
    );
    const library = await aLibrary({ checks: [CHECKS], baselines: [text] });
    const check = (await library.baseline('std')).controls[0]?.units[0]?.checks[0];
    expect(check).toMatchObject({
      key: 'tls/floor{floor=["TLSv1.3"]}',
      title: 'Nothing below TLSv1.3',
      remediation: 'Ask for TLSv1.3.',
    });
  });

  test('every mistake is told at once, with place and hint', async () => {
    const text = baseline(
      '1',
      control('1').replace('[tls/floor]', '[tls/flor, { check: tls/floor, params: { flour: [A] } }]') + control('1'),
    );
    const library = await aLibrary({ checks: [CHECKS], baselines: [text] });
    expect((await problemsOf(() => library.baseline('std'))).map(told)).toEqual([
      "5:103 there is no check 'tls/flor' (did you mean 'tls/floor'?)",
      "5:143 the check has no parameter 'flour' (did you mean 'floor'?)",
      "6:11 there are two controls '1'",
    ]);
  });

  test('a control asked at some levels is mandatory there and advisory elsewhere', async () => {
    const text = baseline('1', control('1', 'levels: [high],'), 'levels: [low, high]\ndefaultLevel: low\n');
    const library = await aLibrary({ checks: [CHECKS], baselines: [text] });
    expect((await library.baseline('std')).controls[0]?.obligation).toBe('advisory');
    expect((await library.baseline('std:high')).controls[0]?.obligation).toBe('mandatory');
    expect((await problemsOf(() => library.baseline('std:hihg')))[0]).toMatchObject({ hint: "did you mean 'high'?" });
  });

  test('tailoring keeps, leaves out with a reason, and sets parameters', async () => {
    const base = baseline('1', control('1.1') + control('1.2') + control('2.1'));
    const ours = `id: ours\nversion: "1"\ntitle: Ours\nextends: std\ninclude: ["1.*"]\nexclude: [{ control: "1.2", reason: no radio }]\nparameters: [{ check: tls/floor, params: { floor: [TLSv1.3] }, reason: newer }]\n`;
    const resolved = await (await aLibrary({ checks: [CHECKS], baselines: [base, ours] })).baseline('ours');
    expect(resolved.controls.map((one) => one.id)).toEqual(['1.1']);
    expect(resolved.excluded).toEqual([{ control: '1.2', reason: 'no radio' }]);
    expect(resolved.controls[0]?.units[0]?.checks[0]?.key).toBe('tls/floor{floor=["TLSv1.3"]}');
  });

  test('tailoring that touches nothing is a mistake', async () => {
    const ours = `id: ours\nversion: "1"\ntitle: Ours\nextends: std\ninclude: ["9.*"]\nexclude: [{ control: "1.7", reason: none }]\nparameters: [{ check: tls/flor, params: {}, reason: newer }]\n`;
    const library = await aLibrary({ checks: [CHECKS], baselines: [baseline('1', control('1.1')), ours] });
    expect((await problemsOf(() => library.baseline('ours'))).map((one) => one.message)).toEqual([
      "there is no control '9.*'",
      "std has no control '1.7'",
      "no control kept here cites 'tls/flor'",
    ]);
  });

  test('baselines that extend each other end with a problem', async () => {
    const one = (id: string, other: string): string => `id: ${id}\nversion: "1"\ntitle: T\nextends: ${other}\n`;
    const library = await aLibrary({ baselines: [one('a', 'b'), one('b', 'a')] });
    expect((await problemsOf(() => library.baseline('a')))[0]?.message).toContain('circle');
  });
});

describe('references to other files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-refers-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const ours = (more: string): string => `id: ours\nversion: "1"\ntitle: Ours\n${more}`;
  const std = baseline('1', control('1'), 'levels: [low, high]\ndefaultLevel: low\n');
  const mistakes = async (more: string): Promise<readonly string[]> => {
    const library = await aLibrary({ checks: [CHECKS], baselines: [std] });
    const path = write('ours.yaml', ours(more));
    return (await problemsOf(() => library.baseline(path))).map(
      (one) => `${one.at === undefined ? '' : basename(one.at.file)} ${told(one)}`,
    );
  };

  test('a baseline or a file of checks that is not there is told where it is named, all at once', async () => {
    write('house.yaml', ours('').replace('id: ours', 'id: house'));
    expect(await mistakes('uses: [./checks.yaml, ./other.yml]\nextends: ./huose.yaml\n')).toEqual([
      'ours.yaml 4:8 ./checks.yaml: there is no such file',
      'ours.yaml 4:23 ./other.yml: there is no such file',
      "ours.yaml 5:10 ./huose.yaml: there is no such file (did you mean 'house.yaml'?)",
    ]);
    expect(await mistakes('extends: ./away/none.yaml\n')).toEqual([
      'ours.yaml 4:10 ./away/none.yaml: there is no such file',
    ]);
  });
  test('an unknown id, edition or level too', async () => {
    expect(await mistakes('extends: stb\n')).toEqual([
      "ours.yaml 4:10 there is no baseline 'stb' (did you mean 'std'?)",
    ]);
    expect(await mistakes('extends: std@9\n')).toEqual(["ours.yaml 4:10 there is no edition '9' of std (editions: 1)"]);
    expect(await mistakes('extends: std:hihg\n')).toEqual([
      "ours.yaml 4:10 std has no level 'hihg' (did you mean 'high'?)",
    ]);
    expect(await mistakes('extends: std\nlevel: hihg\n')).toEqual([
      "ours.yaml 5:8 std has no level 'hihg' (did you mean 'high'?)",
    ]);
    expect(await mistakes('extends: std:high\nlevel: low\n')).toEqual([
      "ours.yaml 5:1 'extends' asks for level 'high' already",
    ]);
  });
  test('a mistake inside the other file keeps its own place', async () => {
    write('broken.yaml', 'checks:\n  - id: [\n');
    expect((await mistakes('uses: [./broken.yaml]\nextends: std\n'))[0]).toMatch(/^broken\.yaml 3:1 /);
    write('base.yaml', ours('extends: stb\n'));
    expect(await mistakes('extends: ./base.yaml\n')).toEqual([
      "base.yaml 4:10 there is no baseline 'stb' (did you mean 'std'?)",
    ]);
  });
  test('a file of checks adds to those that ship, and a level said beside is taken', async () => {
    write('more.yaml', CHECKS.replace('tls/floor', 'own/floor'));
    const library = await aLibrary({ checks: [CHECKS], baselines: [std] });
    const own = control('own').replaceAll('tls/floor', 'own/floor');
    const path = write('ours.yaml', ours(`uses: [./more.yaml]\nextends: std\nlevel: high\ncontrols:\n${own}`));
    const resolved = await library.baseline(path);
    expect(resolved.level).toBe('high');
    expect(resolved.controls.map((one) => one.units[0]?.checks[0]?.id)).toEqual(['tls/floor', 'own/floor']);
    expect(library.check('own/floor').title).toBe('Nothing below TLSv1.2, TLSv1.3');
    await library.baseline(path);
    expect([...library.checks.keys()]).toEqual(['tls/floor', 'own/floor']);
  });
});

describe('the how-to pages', () => {
  const check = blocksOf(readFileSync('docs/writing-a-check.md', 'utf8'));
  const pages = blocksOf(readFileSync('docs/writing-a-baseline.md', 'utf8'));
  const kinds = ['baseline', 'baseline', 'waivers', 'declaration'] as const;

  test.each(kinds.map((kind, index) => ({ kind, index })))(
    'example $index is a whole $kind',
    async ({ kind, index }) => {
      expect((await shapeProblems(kind, await yaml(pages[index] ?? ''))).map(told)).toEqual([]);
    },
  );

  test('the example checks have the shape of checks', async () => {
    expect(check).toHaveLength(1);
    expect((await shapeProblems('checks', await yaml(check[0] ?? ''))).map(told)).toEqual([]);
  });
});

describe('shape', () => {
  test('a day that the calendar has not is told, and a leap day is one', async () => {
    const waiver = (expires: string): string =>
      `waivers:\n  - { control: a/1, kind: accepted-risk, reason: R, approvedBy: B, expires: ${expires} }\n`;
    const mistakes = async (day: string) => (await shapeProblems('waivers', await yaml(waiver(day)))).map(told);
    expect(await mistakes('2028-02-29')).toEqual([]);
    expect(await mistakes('2030-13-01')).toEqual(["2:77 waivers[0].expires: the calendar has no day '2030-13-01'"]);
    expect(await mistakes('2027-02-29')).toEqual(["2:77 waivers[0].expires: the calendar has no day '2027-02-29'"]);
  });

  test('where one of several members is needed, one mistake names them', async () => {
    const text = 'id: std\nversion: "1"\ntitle: S\n';
    expect((await shapeProblems('baseline', await yaml(text))).map(told)).toEqual([
      "1:1 needs 'controls' or 'extends'",
    ]);
    const opaque = 'opaque:\n  - { what: a, reason: b, image: fw.bin }\n';
    expect((await shapeProblems('declaration', await yaml(opaque))).map(told)).toEqual([
      "2:5 opaque[0]: needs 'sha256' or 'image', 'start', 'end'",
    ]);
  });

  test('a misspelt member, a wrong type and a missing member are told where they stand', async () => {
    const document = await yaml(
      `id: std\nversion: 2.1\ntitle: S\ncontrols:\n  - id: "1"\n    titel: T\n    text: X\n    obligation: mandatroy\n    units: [{ id: a, mark: person }]\n`,
    );
    expect((await shapeProblems('baseline', document)).map(told).sort()).toEqual([
      '2:10 version: must be text (put it in quotes: "2.1")',
      "5:5 controls[0]: 'title' is missing",
      "6:5 controls[0]: 'titel' is not known here (did you mean 'title'?)",
      "8:17 controls[0].obligation: must be one of mandatory, recommended, advisory (did you mean 'mandatory'?)",
      "9:13 controls[0].units[0]: 'work' is missing",
    ]);
  });
});
