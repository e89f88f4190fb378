/** Examples of checks: run as they are written, and what is wrong with them told at its place. */
import { describe, expect, test } from 'vitest';
import { checksOf, compileCheck } from '../../../src/core/baseline/check.ts';
import type { Vocabulary } from '../../../src/core/baseline/condition.ts';
import { judgeExample, runExamples } from '../../../src/core/baseline/examples.ts';
import { defineFact } from '../../../src/core/model/fact.ts';
import { AREAS, type Area } from '../../../src/core/model/target.ts';
import { list, maybe, object, oneOf, real, text, whole, yes } from '../../../src/lib/schema.ts';
import { told, words, yaml } from '../../support/library.ts';

const fact = (name: string, over: Area) =>
  defineFact({
    name,
    title: name,
    over,
    schema: object({
      on: yes(),
      n: whole(),
      share: real(),
      kind: oneOf(['a', 'b']),
      name: text(),
      names: list(oneOf(['p', 'q'])),
      inner: object({ id: text() }),
      until: maybe(text()),
    }),
  });
const vocabulary: Vocabulary = {
  facts: new Map(
    [...AREAS.map((area) => fact(`of.${area}`, area)), fact('a.lock', 'tcp')].map((one) => [one.name, one]),
  ),
  keywords: new Map(words.keywords.map((keyword) => [keyword.name, keyword])),
  knowledge: () => ({}),
};

const sourceOf = async (examples: readonly string[], expectation: string, more = '') => {
  const text_ = `checks:\n  - id: a/b\n    title: T\n    severity: low\n    expect: ${expectation}\n    remediation: R\n${more}    examples:\n${examples.map((one) => `      - ${one}\n`).join('')}`;
  const [source] = checksOf(await yaml(text_));
  if (source === undefined) throw new Error('there is one');
  return source;
};
const EVERY = '{ every: a.lock, satisfies: { on: true } }';
const GOOD = '{ outcome: pass, facts: [{ a.lock: { on: true } }] }';
const BAD = '{ outcome: fail, facts: [{ a.lock: { on: false } }] }';
/** The examples stand from line 8 on. */
const problems = async (examples: readonly string[], expectation = EVERY, more = ''): Promise<readonly string[]> =>
  runExamples(await sourceOf(examples, expectation, more), vocabulary).map(told);

describe('the outcome', () => {
  test('that is said holds', async () => {
    expect(await problems([GOOD, BAD])).toEqual([]);
    expect(await problems([GOOD, BAD, '{ outcome: vacuous, facts: [] }'])).toEqual([]);
    expect(await problems([GOOD, BAD, '{ outcome: inconclusive, facts: [], unseen: [a.lock] }'])).toEqual([]);
  });
  test.each([
    [GOOD.replace('pass', 'fail'), 'the example should be fail, and the check says pass'],
    [BAD.replace('fail', 'vacuous'), 'the example should be vacuous, and the check says fail'],
    ['{ outcome: pass, facts: [] }', 'the example should be pass, and the check says vacuous'],
    [
      '{ outcome: vacuous, facts: [], unseen: [a.lock] }',
      'the example should be vacuous, and the check says inconclusive',
    ],
  ])('%s: %s', async (example, message) => {
    expect(await problems([GOOD, BAD, example])).toEqual([`10:20 ${message}`]);
  });
  test('facts that are named were looked for, those that are unseen leave it open', async () => {
    expect(await problems([GOOD.replace('facts', 'unseen: [a.lock], facts'), BAD])).toEqual([
      '8:20 the example should be pass, and the check says inconclusive',
    ]);
    expect(await problems([GOOD, BAD.replace('facts', 'unseen: [a.lock], facts')])).toEqual([]);
    expect(await problems([GOOD.replace('facts', 'unseen: [of.udp], facts'), BAD])).toEqual([]);
  });
  test('a pass and a fail are both needed', async () => {
    expect(await problems([GOOD, GOOD])).toEqual(["7:5 check 'a/b' has no fail example"]);
    expect(await problems([BAD, BAD])).toEqual(["7:5 check 'a/b' has no pass example"]);
  });
  test('a pass that stands with nothing seen is a mistake, a fail is none', async () => {
    const blind = '{ any: [{ count: a.lock, min: 0 }, { some: a.lock }] }';
    expect((await problems([GOOD, BAD], blind))[0]).toBe(
      '8:9 with nothing seen the check must be inconclusive, and it says pass',
    );
    const sighted = '{ not: { count: a.lock, min: 0 } }';
    expect(await problems([BAD], sighted)).toEqual(["7:5 check 'a/b' has no pass example"]);
  });
});

describe('dates and parameters', () => {
  const dated = '{ every: a.lock, satisfies: { until: { afterJudgement: true } } }';
  const until = (outcome: string, more = '') =>
    `{ outcome: ${outcome}, facts: [{ a.lock: { until: 2026-01-02 } }]${more} }`;
  test('an example is judged on the first of January 2026, or on the day that it says', async () => {
    expect(await problems([until('pass'), until('fail', ', at: 2026-01-02')], dated)).toEqual([]);
    expect(await problems([until('pass', ', at: 2026-01-01'), until('fail', ', at: 2026-02-01')], dated)).toEqual([]);
  });
  test('others than the defaults hold for their example alone', async () => {
    const limit = '{ every: a.lock, satisfies: { n: { minimum: { $param: least } } } }';
    const params = '    params: { least: 5 }\n';
    const n = (outcome: string, value: number, more = '') =>
      `{ outcome: ${outcome}, facts: [{ a.lock: { n: ${value} } }]${more} }`;
    expect(await problems([n('pass', 5), n('fail', 5, ', params: { least: 6 }'), n('fail', 4)], limit, params)).toEqual(
      [],
    );
    expect(await problems([n('pass', 5), n('fail', 4, ', params: { lest: 6 }')], limit, params)).toEqual([
      "10:67 the check has no parameter 'lest' (did you mean 'least'?)",
    ]);
    expect(await problems([n('pass', 5), n('fail', 4, ', params: { least: six }')], limit, params)).toEqual([
      "10:74 parameter 'least' must be number, like its default 5",
    ]);
  });
});

describe('facts that there can not be', () => {
  test.each([
    ['{ a.lokc: { on: true } }', "there is no fact 'a.lokc' (did you mean 'a.lock'?)"],
    ['{ a.lock: { zzzz: true } }', "the fact has no member 'zzzz'"],
    ['{ a.lock: { nmae: x } }', "the fact has no member 'nmae' (did you mean 'name'?)"],
    ['{ a.lock: { on: 1 } }', "1 is not a value of 'on'"],
    ['{ a.lock: { n: 1.5 } }', "1.5 is not a value of 'n'"],
    ['{ a.lock: { share: "1" } }', '"1" is not a value of \'share\''],
    ['{ a.lock: { name: 1 } }', "1 is not a value of 'name'"],
    ['{ a.lock: { kind: c } }', '"c" is not a value of \'kind\''],
    ['{ a.lock: { names: p } }', '"p" is not a value of \'names\''],
    ['{ a.lock: { names: [p, r] } }', '["p","r"] is not a value of \'names\''],
    ['{ a.lock: { inner: [] } }', "[] is not a value of 'inner'"],
  ])('%s: %s', async (facts, message) => {
    const found = await problems([GOOD, BAD, `{ outcome: pass, facts: [${facts}] }`]);
    expect(found.map((one) => one.replace(/^10:\d+ /, ''))).toEqual([message]);
  });
  test('what they can be is taken', async () => {
    const whole_ = '{ a.lock: { on: true, n: 3, share: 0.5, kind: b, name: x, names: [p, q], inner: {} } }';
    expect(await problems([`{ outcome: pass, facts: [${whole_}] }`, BAD])).toEqual([]);
    expect(await problems([GOOD, BAD, '{ outcome: vacuous, facts: [{ of.udp: null }] }'])).toEqual([]);
  });
  test('they are told where they stand', async () => {
    expect(
      await problems([GOOD, BAD, '{ outcome: pass, facts: [{ a.lock: { on: true } }, { a.lock: { on: 3 } }] }']),
    ).toEqual(["10:76 3 is not a value of 'on'"]);
    expect(await problems([GOOD, BAD, '{ outcome: pass, facts: [], unseen: [a.lock, a.lokc] }'])).toEqual([
      "10:54 there is no fact 'a.lokc' (did you mean 'a.lock'?)",
    ]);
  });
});

describe('where a fact is', () => {
  const subjectsOf = async (facts: string, expectation: string) => {
    const source = await sourceOf([`{ outcome: fail, facts: [${facts}] }`], expectation);
    const { check } = compileCheck(source, vocabulary);
    const [example] = check.examples;
    if (example === undefined) throw new Error('there is one');
    return judgeExample(check, example, vocabulary, '2026-01-01').because;
  };
  test.each<[Area, object]>([
    ['target', { kind: 'target' }],
    ['endpoint', { kind: 'endpoint', host: '192.0.2.1', port: 443, transport: 'tcp' }],
    ['tcp', { kind: 'endpoint', host: '192.0.2.1', port: 443, transport: 'tcp' }],
    ['udp', { kind: 'endpoint', host: '192.0.2.1', port: 443, transport: 'udp' }],
    ['image', { kind: 'image', image: 'image' }],
    ['root-file-system', { kind: 'file', path: 'image!root/etc/example' }],
    ['update', { kind: 'update', update: 'update.bin' }],
    ['declaration', { kind: 'target' }],
  ])('by the area %s', async (area, subject) => {
    const [found] = await subjectsOf(`{ of.${area}: { on: true } }`, `{ none: of.${area} }`);
    expect(found).toMatchObject({ type: `of.${area}`, subject, data: { on: true } });
  });
  test('or as it says, each a fact of its own', async () => {
    const found = await subjectsOf(
      '{ a.lock: { on: true }, on: "192.0.2.1:1/tcp" }, { a.lock: { on: true }, on: "192.0.2.1:2/udp" }',
      '{ none: a.lock }',
    );
    expect(found.map(({ subject }) => subject)).toEqual([
      { kind: 'endpoint', host: '192.0.2.1', port: 1, transport: 'tcp' },
      { kind: 'endpoint', host: '192.0.2.1', port: 2, transport: 'udp' },
    ]);
    expect(new Set(found.map(({ id }) => id)).size).toBe(2);
  });
  test('endpoints are written with any host, and with a port', async () => {
    const on = async (text_: string) =>
      (await subjectsOf(`{ a.lock: { on: true }, on: "${text_}" }`, '{ none: a.lock }'))[0]?.subject;
    expect(await on('[2001:db8::7]:443/tcp')).toEqual({
      kind: 'endpoint',
      host: '2001:db8::7',
      port: 443,
      transport: 'tcp',
    });
    expect(await on('hub.example:8080/tcp')).toMatchObject({ host: 'hub.example', port: 8080 });
    expect(await on('hub.example')).toEqual({ kind: 'host', host: 'hub.example' });
    expect(await on('192.0.2.1:443')).toEqual({ kind: 'host', host: '192.0.2.1:443' });
    expect(await on('192.0.2.1:443/sctp')).toEqual({ kind: 'file', path: '192.0.2.1:443/sctp' });
  });
});
