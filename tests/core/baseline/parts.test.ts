/** The parts of the baseline engine one by one: nearest words, parameters, checks, examples, tailoring, features, shipped assets. */
import { describe, expect, test } from 'vitest';
import { askedBy, featuresIn } from '../../../src/core/baseline/asked.ts';
import { checksOf, compileCheck, judgeCheck, readsOf } from '../../../src/core/baseline/check.ts';
import { subjectOf } from '../../../src/core/baseline/examples.ts';
import { kindOf } from '../../../src/core/baseline/lint.ts';
import { nearest } from '../../../src/core/baseline/nearest.ts';
import { fillIn, keyOf, overrideParameters, substitute } from '../../../src/core/baseline/parameters.ts';
import { applicabilityOf } from '../../../src/core/baseline/resolve.ts';
import { aFact, aView, endpoint } from '../../support/facts.ts';
import { aLibrary, problemsOf, told, words, yaml } from '../../support/library.ts';

describe('the nearest word', () => {
  test.each([
    ['acepted', ['accepted', 'version'], 'accepted'],
    ['versoin', ['accepted', 'version'], 'version'],
    ['VERSION', ['accepted', 'version'], 'version'],
    ['flor', ['floor', 'flood'], 'floor'],
    ['ab', ['ba', 'xy'], 'ba'],
    ['abcdef', ['abcxyz', 'abcdxy'], 'abcdxy'],
  ])('of %s among %j is %s', (word, candidates, found) => {
    expect(nearest(word, candidates)).toBe(`did you mean '${found}'?`);
  });
  test.each([
    ['abcdef', ['uvwxyz']],
    ['ab', ['xyz']],
    ['a', ['b']],
    ['abcdefghi', ['abcdeWXYZ']],
    ['word', []],
    ['word', ['word']],
    ['', ['a']],
  ])('of %s among %j is none', (word, candidates) => {
    expect(nearest(word, candidates)).toBeUndefined();
  });
  test('only the first 64 letters of hostile words are looked at', () => {
    expect(nearest('x'.repeat(1000), ['x'.repeat(64)])).toBe(`did you mean '${'x'.repeat(64)}'?`);
  });
});

describe('parameters', () => {
  const complaints = (defaults: object, given: unknown): readonly string[] => {
    const said: string[] = [];
    overrideParameters(defaults as never, given as never, ['params'], (path, message, hint, at) =>
      said.push([path.join('.'), message, hint, at].filter(Boolean).join(' | ')),
    );
    return said;
  };
  test('what a reference gives replaces the defaults, one by one', () => {
    const defaults = { floor: 'TLSv1.2', list: ['a'] };
    const none = () => undefined;
    expect(overrideParameters(defaults, { list: ['b'] }, [], none)).toEqual({ floor: 'TLSv1.2', list: ['b'] });
    expect(overrideParameters(defaults, undefined, [], none)).toBe(defaults);
  });
  test('an unknown one and one of another type are mistakes, and change nothing', () => {
    const defaults = { floor: 'TLSv1.2', list: ['a'], on: true, none: null };
    expect(complaints(defaults, { flor: 'x' })).toEqual([
      "params.flor | the check has no parameter 'flor' | did you mean 'floor'? | key",
    ]);
    expect(complaints(defaults, { list: 'a' })).toEqual([
      'params.list | parameter \'list\' must be a list, like its default ["a"]',
    ]);
    expect(complaints(defaults, { floor: 12 })[0]).toContain('must be string, like its default "TLSv1.2"');
    expect(complaints(defaults, { none: 1 })[0]).toContain('must be nothing');
    expect(complaints(defaults, { on: null })[0]).toContain('must be boolean');
    expect(complaints(defaults, { toString: 'x' })[0]).toContain("no parameter 'toString'");
    expect(overrideParameters(defaults, { floor: 12, on: false }, [], () => undefined)).toMatchObject({
      floor: 'TLSv1.2',
      on: false,
    });
  });
  test('a key names the parameters in order; text stands plain, the rest as JSON', () => {
    expect(keyOf('a/b', {})).toBe('a/b');
    expect(keyOf('a/b', { z: 1, a: 'x', m: ['p', 'q'] })).toBe('a/b{a=x,m=["p","q"],z=1}');
  });
  test('placeholders of known names are filled in, other braces stay', () => {
    expect(fillIn('{floor} of {list}, {other}, {toString}, {Upper}', { floor: 1, list: ['a', 'b'] })).toBe(
      '1 of a, b, {other}, {toString}, {Upper}',
    );
  });
  test('a condition with parameters is the condition with their values, wherever they stand', () => {
    const used = new Set<string>();
    const said: string[] = [];
    const raw = { any: [{ none: 'a', where: { b: { $param: 'x' }, c: [{ $param: 'y' }, 2] } }] };
    const put = (json: object) =>
      substitute(
        json as never,
        { x: 'X', y: true, idle: 1 },
        ['expect'],
        (path, message, hint) => said.push(`${path.join('.')} ${message} ${hint}`),
        used,
      );
    expect(put(raw)).toEqual({ any: [{ none: 'a', where: { b: 'X', c: [true, 2] } }] });
    expect([...used]).toEqual(['x', 'y']);
    expect(said).toEqual([]);
    expect(put({ none: { $param: 'idel' } })).toEqual({ none: null });
    expect(put({ none: { $param: 7 } })).toEqual({ none: null });
    expect(put({ none: { $param: 'toString' } })).toEqual({ none: null });
    expect(said[0]).toBe("expect.none.$param there is no parameter 'idel' did you mean 'idle'?");
    expect([...used]).toEqual(['x', 'y']);
  });
});

const CHECK = `checks:
  - id: own/floor
    title: Nothing below {floor}
    params: { floor: TLSv1.2 }
    severity: high
    over: tcp
    appliesWhen: { some: net.service, where: { tls: true } }
    expect: { every: tls.protocol, where: { accepted: true }, satisfies: { version: { tlsAtLeast: { $param: floor } } } }
    message: { pass: "{floor} it is.", fail: "Below {floor}." }
    remediation: Ask for {floor}.
    references: [RFC 8996]
    examples:
      - { outcome: pass, facts: [{ net.service: { tls: true } }, { tls.protocol: { version: TLSv1.2, accepted: true }, on: "192.0.2.9:8443/tcp" }], unseen: [tls.cipher] }
      - { outcome: fail, facts: [{ net.service: { tls: true } }, { tls.protocol: { version: TLSv1, accepted: true } }] }
`;

describe('a check', () => {
  const compiled = async (text: string) => {
    const [source] = checksOf(await yaml(text, 'own.yaml'));
    if (source === undefined) throw new Error('there is one');
    return compileCheck(source, (await aLibrary({})).vocabulary);
  };

  test('is told with its parameters filled in, and where it stands', async () => {
    const { check, problems, used } = await compiled(CHECK);
    expect([problems, [...used]]).toEqual([[], ['floor']]);
    expect(check).toMatchObject({
      key: 'own/floor{floor=TLSv1.2}',
      title: 'Nothing below TLSv1.2',
      severity: 'high',
      over: 'tcp',
      message: { pass: 'TLSv1.2 it is.', fail: 'Below TLSv1.2.' },
      remediation: 'Ask for TLSv1.2.',
      references: ['RFC 8996'],
      at: { file: 'own.yaml', line: 2, column: 5 },
    });
    expect([...readsOf(check)].sort()).toEqual(['net.service', 'tls.protocol']);
    expect(check.examples[0]).toEqual({
      outcome: 'pass',
      facts: [
        { type: 'net.service', data: { tls: true } },
        { type: 'tls.protocol', subject: '192.0.2.9:8443/tcp', data: { version: 'TLSv1.2', accepted: true } },
      ],
      unseen: ['tls.cipher'],
      at: { file: 'own.yaml', line: 13, column: 9 },
    });
  });
  test('without the optional parts has none of them', async () => {
    const bare = CHECK.replace(/ {4}(over|appliesWhen|message|references|params):.*\n/g, '').replaceAll(
      '{ $param: floor }',
      'TLSv1.2',
    );
    const { check: plain } = await compiled(bare);
    expect(new Set(Object.keys(plain))).toEqual(
      new Set([
        'at',
        'examples',
        'expect',
        'id',
        'key',
        'parameters',
        'references',
        'remediation',
        'severity',
        'title',
      ]),
    );
    expect([plain.key, plain.title, plain.references]).toEqual(['own/floor', 'Nothing below {floor}', []]);
  });
  test('a message may say one half only', async () => {
    const { check } = await compiled(CHECK.replace('pass: "{floor} it is.", ', ''));
    expect(check.message).toEqual({ fail: 'Below TLSv1.2.' });
  });
  test('is dropped where it does not apply, and open where nobody knows whether it does', async () => {
    const { check } = await compiled(CHECK);
    const at = '2026-01-01T00:00:00Z';
    const old = aFact('tls.protocol', { version: 'TLSv1', accepted: true }, endpoint(1));
    const tls = aFact('net.service', { tls: true }, endpoint(1));
    const plain = aFact('net.service', { tls: false }, endpoint(1));
    expect(judgeCheck(check, { facts: aView([old, tls]), at })).toMatchObject({ truth: false, vacuous: false });
    expect(judgeCheck(check, { facts: aView([old, plain]), at })).toMatchObject({
      truth: true,
      vacuous: true,
      because: [plain],
    });
    expect(judgeCheck(check, { facts: aView([old], [], ['net.service']), at })).toMatchObject({
      truth: 'unknown',
      vacuous: false,
    });
  });
});

describe('the subject that an example names', () => {
  test.each([
    ['target', 'endpoint', { kind: 'target' }],
    ['192.0.2.1:443/tcp', 'endpoint', { kind: 'endpoint', host: '192.0.2.1', port: 443, transport: 'tcp' }],
    ['192.0.2.1:53/udp', 'udp', { kind: 'endpoint', host: '192.0.2.1', port: 53, transport: 'udp' }],
    ['fw.raucb', 'update', { kind: 'update', update: 'fw.raucb' }],
    ['fw!root/etc/shadow', 'root-file-system', { kind: 'file', path: 'fw!root/etc/shadow' }],
    ['fw!root', 'image', { kind: 'file', path: 'fw!root' }],
    ['etc/shadow', 'endpoint', { kind: 'file', path: 'etc/shadow' }],
    ['fw.bin', 'image', { kind: 'image', image: 'fw.bin' }],
    ['fw.bin', 'root-file-system', { kind: 'image', image: 'fw.bin' }],
    ['192.0.2.1', 'endpoint', { kind: 'host', host: '192.0.2.1' }],
  ] as const)('%s of a fact over %s', (text, area, subject) => {
    expect(subjectOf(text, area)).toEqual(subject);
  });
});

describe('features and kinds', () => {
  test('every feature that an applicability names, and none for always', () => {
    expect(featuresIn('always')).toEqual([]);
    expect(featuresIn('radio')).toEqual(['radio']);
    expect(featuresIn({ any: ['radio', { all: ['ip', { not: 'battery' }] }] })).toEqual(['radio', 'ip', 'battery']);
    expect(featuresIn(7)).toEqual([]);
  });
  test('an applicability keeps its form', () => {
    expect(applicabilityOf('always')).toEqual({ always: true });
    expect(applicabilityOf({ any: ['a', { all: ['b', 'c'] }] })).toEqual({
      any: [{ feature: 'a' }, { all: [{ feature: 'b' }, { feature: 'c' }] }],
    });
    expect(applicabilityOf({ not: 'a' })).toEqual({ not: { feature: 'a' } });
  });
  test.each([
    ['checks: []', 'checks'],
    ['waivers: []', 'waivers'],
    ['controls: []', 'baseline'],
    ['extends: a', 'baseline'],
    ['features: {}', 'declaration'],
    ['[checks]', 'declaration'],
  ])('%s is a file of %s', async (text, kind) => {
    expect(kindOf(await yaml(text))).toBe(kind);
  });
  test('what shipped baselines ask for is listed once each', async () => {
    const std = (version: string, id = 'std'): string =>
      `id: ${id}\nversion: "${version}"\ntitle: S\ncontrols:\n  - { id: "1", title: T, text: X, obligation: mandatory, applies: radio, units: [{ id: a, mark: person, work: W }] }\n`;
    const bare = 'id: bare\nversion: "1"\ntitle: S\nextends: std\n';
    const library = await aLibrary({
      checks: [CHECK],
      baselines: [std('1'), std('2'), std('1', 'etsi-en-303-645'), bare],
    });
    expect(askedBy(library)).toEqual({
      baselines: ['std', 'etsi-en-303-645', 'bare'],
      controls: ['std/1', 'etsi-en-303-645/1'],
      provisions: ['1'],
      units: ['std/1/a', 'etsi-en-303-645/1/a'],
      features: ['radio'],
    });
  });
});

describe('tailoring', () => {
  const control = (id: string, checks: string): string =>
    `  - { id: "${id}", title: T, text: X, obligation: mandatory, units: [{ id: "${id}-a", mark: decide, checks: [${checks}] }, { id: "${id}-b", mark: person, work: W }] }\n`;
  const std = `id: std\nversion: "1"\ntitle: S\npublisher: P\nlicence: L\nlevels: [low, high]\ndefaultLevel: high\ncontrols:\n${control('1.1', 'own/floor')}${control('1.2', 'own/floor')}${control('2', 'own/floor')}`;
  const tailored = async (more: string) => {
    const library = await aLibrary({ checks: [CHECK], baselines: [std] });
    const problems: never[] = [];
    const text = `id: ours\nversion: "1"\ntitle: O\nextends: std\n${more}`;
    const made = await library.resolve(await yaml(text, 'ours.yaml'), undefined, problems);
    return { made, problems: (problems as Parameters<typeof told>[0][]).map(told) };
  };
  const keys = (made: Awaited<ReturnType<typeof tailored>>['made']) =>
    made?.controls.map(
      ({ id, units }) => `${id} ${units.flatMap(({ checks }) => checks.map(({ key }) => key)).join()}`,
    );

  test('nothing said keeps everything, and what is said of the whole', async () => {
    const { made, problems } = await tailored('');
    expect(problems).toEqual([]);
    expect(made).toMatchObject({
      id: 'ours',
      revision: '1',
      publisher: 'P',
      licence: 'L',
      level: 'high',
      levels: ['low', 'high'],
      excluded: [],
    });
    expect(keys(made)).toEqual([
      '1.1 own/floor{floor=TLSv1.2}',
      '1.2 own/floor{floor=TLSv1.2}',
      '2 own/floor{floor=TLSv1.2}',
    ]);
  });
  test('a parameter is set for one control or for all, over what stands there', async () => {
    const one = await tailored(
      'parameters: [{ check: own/floor, control: "1.2", params: { floor: TLSv1.3 }, reason: R }]\n',
    );
    expect(keys(one.made)).toEqual([
      '1.1 own/floor{floor=TLSv1.2}',
      '1.2 own/floor{floor=TLSv1.3}',
      '2 own/floor{floor=TLSv1.2}',
    ]);
    const all = await tailored('parameters: [{ check: own/floor, params: { flor: TLSv1.3 }, reason: R }]\n');
    expect(all.problems).toEqual(["5:44 the check has no parameter 'flor' (did you mean 'floor'?)"]);
    const none = await tailored(
      'exclude: [{ control: "2", reason: R }]\nparameters: [{ check: own/floor, control: "2", params: { floor: TLSv1.3 }, reason: R }]\n',
    );
    expect(none.problems).toEqual(["6:23 no control kept here cites 'own/floor'"]);
  });
  test('a pattern stands for every ending, an id for itself', async () => {
    const { made } = await tailored('include: ["1.*", "2"]\nexclude: [{ control: "1.1*", reason: R }]\n');
    expect(made?.controls.map(({ id }) => id)).toEqual(['1.2', '2']);
    expect(made?.excluded).toEqual([{ control: '1.1', reason: 'R' }]);
    expect((await tailored('include: ["1"]\n')).problems).toEqual(["5:11 there is no control '1'"]);
  });
  test('what a baseline left out stays left out of those that extend it', async () => {
    const once = 'id: once\nversion: "1"\ntitle: O\nextends: std\nexclude: [{ control: "2", reason: first }]\n';
    const library = await aLibrary({ checks: [CHECK], baselines: [std, once] });
    const made = await library.resolve(
      await yaml(
        'id: twice\nversion: "1"\ntitle: T\nextends: once\nexclude: [{ control: "1.*", reason: second }, { control: "1.1", reason: third }]\n',
      ),
      undefined,
      [],
    );
    expect(made?.excluded).toEqual([
      { control: '2', reason: 'first' },
      { control: '1.1', reason: 'second' },
      { control: '1.2', reason: 'second' },
    ]);
    expect(made?.controls).toEqual([]);
  });
  test('a control of one’s own beside one of the same id is a mistake', async () => {
    expect((await tailored(`controls:\n${control('2', 'own/floor')}`)).problems).toEqual([
      "6:11 there are two controls '2'",
    ]);
  });
  test('levels and units that are not there or stand twice', async () => {
    const text = `controls:\n  - { id: "3", title: T, text: X, levels: [lwo], units: [{ id: a, mark: person, work: W }, { id: a, mark: person, work: W }] }\n`;
    expect((await tailored(text)).problems).toEqual([
      "6:44 there is no level 'lwo' (did you mean 'low'?)",
      "6:98 there are two units 'a' in control '3'",
    ]);
    expect((await tailored('defaultLevel: none\n')).problems).toEqual([
      "5:15 ours has no level 'none' (levels: low, high)",
    ]);
  });
});

test('a check and a data table that are not there are told, and a table is opened once', async () => {
  const library = await aLibrary({ checks: [CHECK], knowledge: { table: 'good: [a]\n' } });
  expect((await problemsOf(async () => library.check('own/flor')))[0]).toMatchObject({
    message: "there is no check 'own/flor'",
    hint: "did you mean 'own/floor'?",
  });
  expect(library.knowledge('table')).toEqual({ good: ['a'] });
  expect(library.knowledge('table')).toBe(library.knowledge('table'));
  expect(() => library.knowledge('tabel')).toThrow("there is no data table 'tabel'");
  expect(library.vocabulary.facts.size).toBe(words.facts.length);
});
