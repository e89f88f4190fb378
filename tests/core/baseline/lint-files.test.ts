/** What lint tells of whole files: which cannot be read, what stands twice, in which order. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lintDocument, lintFile } from '../../../src/core/baseline/lint.ts';
import { aLibrary, told, yaml } from '../../support/library.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-lints-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const check = (id: string, more = ''): string => `  - id: ${id}
    title: T
    severity: low
    expect: { every: tls.protocol, where: { accepted: true }, satisfies: { version: { tlsAtLeast: TLSv1.2 } } }
    remediation: R
${more}    examples:
      - { outcome: pass, facts: [{ tls.protocol: { version: TLSv1.2, accepted: true } }] }
      - { outcome: fail, facts: [{ tls.protocol: { version: TLSv1, accepted: true } }] }
`;
const checks = (...list: readonly string[]): string => `checks:\n${list.join('')}`;
const baseline = (control: string, more = ''): string =>
  `id: ours\nversion: "1"\ntitle: O\n${more}controls:\n  - { id: "1", title: T, text: X, obligation: mandatory, ${control} }\n`;

const lint = async (text: string) => {
  const { file, kind, problems, notes } = await lintDocument(
    await yaml(text),
    await aLibrary({ checks: [checks(check('a/b'))] }),
  );
  return { file, kind, problems: problems.map(told), notes: notes.map(told) };
};

describe('a file', () => {
  test('that is not there, or is no YAML, is told and never thrown', async () => {
    const library = await aLibrary({});
    const gone = join(folder, 'gone.yaml');
    expect(await lintFile(gone, library)).toEqual({
      file: gone,
      problems: [{ message: 'there is no such file', at: { file: gone } }],
      notes: [],
    });
    const broken = await lintFile(write('broken.yaml', 'a: [\n'), library);
    expect(broken.problems.length).toBeGreaterThan(0);
    expect(broken).not.toHaveProperty('kind');
  });
  test('that extends itself, or what is not there, is told and never thrown', async () => {
    const library = await aLibrary({});
    const extend = (what: string): string => `id: loop\nversion: "1"\ntitle: L\nextends: ${what}\n`;
    const loop = await lintFile(write('loop.yaml', extend('./loop.yaml')), library);
    expect(loop.problems.map(told)).toEqual(['4:10 baselines extend each other in a circle']);
    const gone = await lintFile(write('lost.yaml', extend('./nowhere.yaml')), library);
    expect(gone.problems.map(told)).toEqual(['4:10 ./nowhere.yaml: there is no such file']);
    const twice = await lintFile(write('deep.yaml', extend('./lost.yaml')), library);
    expect(twice.problems.map(told)).toEqual(['4:10 ./nowhere.yaml: there is no such file']);
  });
  test('of each kind is known by what it holds', async () => {
    const library = await aLibrary({});
    expect(await lintFile(write('ok.yaml', checks(check('a/b'))), library)).toMatchObject({
      kind: 'checks',
      problems: [],
      notes: [],
    });
    expect(await lintFile(write('no.yaml', 'features: {}\n'), library)).toMatchObject({
      kind: 'declaration',
      problems: [],
    });
  });
  test('of the wrong shape is told that alone', async () => {
    const { kind, problems } = await lint(checks(check('a/c').replace('severity: low', 'severity: lwo'), check('a/c')));
    expect([kind, problems]).toEqual([
      'checks',
      ["4:15 checks[0].severity: must be one of critical, high, medium, low, info (did you mean 'low'?)"],
    ]);
  });
});

describe('checks', () => {
  test('that stand twice, or ship already, are told where they stand', async () => {
    expect((await lint(checks(check('x/y'), check('x/y')))).problems).toEqual(["10:9 there is a check 'x/y' already"]);
    expect((await lint(checks(check('a/b', '    references: [A]\n')))).problems).toEqual([
      "2:9 there is a check 'a/b' already",
    ]);
    // The shipped file itself repeats nothing.
    expect((await lint(checks(check('a/b')))).problems).toEqual([]);
  });
  test('are told in the order of their lines, and of columns in one line', async () => {
    const late = check('x/z').replace('version: TLSv1.2, accepted', 'versoin: TLSv1.2, acepted');
    const early = check('x/y').replace('severity: low', 'severity: low\n    params: { b: 1, a: 2 }');
    const places = (await lint(checks(early, late))).problems.map((one) => one.split(' ')[0]);
    expect(places).toEqual(['5:15', '5:21', '17:61', '17:79']);
  });
  test('that name a parameter only in words have an idle one, and say where', async () => {
    const idle = check('x/y', '    params: { floor: TLSv1.2 }\n').replace('title: T', 'title: T {floor} {roof}');
    expect((await lint(checks(idle))).problems).toEqual([
      "3:12 '{roof}' is no parameter of this check (parameters: floor)",
      "7:15 parameter 'floor' is not used by any condition",
    ]);
    const message = check(
      'x/y',
      '    params: { floor: TLSv1.2 }\n    message: { pass: "{flor}", fail: "{floor}" }\n',
    ).replace('tlsAtLeast: TLSv1.2', 'tlsAtLeast: { $param: floor }');
    expect((await lint(checks(message))).problems).toEqual([
      "8:22 '{flor}' is no parameter of this check (parameters: floor)",
    ]);
    const remediation = check('x/y', '    params: { floor: TLSv1.2 }\n')
      .replace('remediation: R', 'remediation: "R {flor}"')
      .replace('tlsAtLeast: TLSv1.2', 'tlsAtLeast: { $param: floor }');
    expect((await lint(checks(remediation))).problems).toEqual([
      "6:18 '{flor}' is no parameter of this check (parameters: floor)",
    ]);
    // Without parameters braces are braces.
    expect((await lint(checks(check('x/y').replace('title: T', 'title: T {roof}')))).problems).toEqual([]);
  });
  test.each(['accepted', 'granted', 'served', 'given', 'open', 'anonymous', 'vulnerable', 'recursive'])(
    'none over what was %s is noted where the fact says so, and only there',
    async (member) => {
      const types: { readonly [member: string]: string } = {
        accepted: 'tls.protocol',
        granted: 'mqtt.subscription',
        served: 'http.exposed-path',
        given: 'tftp.file',
        open: 'login.open',
        anonymous: 'mqtt.access',
        vulnerable: 'ssh.terrapin',
        recursive: 'dns.resolver',
      };
      const type = types[member] ?? '';
      const text = (truth: boolean, form = 'none') =>
        checks(`  - id: x/y
    title: T
    severity: low
    expect: { ${form}: ${type}, where: { ${member}: ${truth} } }
    remediation: R
    examples:
      - { outcome: ${form === 'none' ? 'pass' : 'fail'}, facts: [{ ${type}: { ${member}: ${!truth} } }] }
      - { outcome: ${form === 'none' ? 'fail' : 'pass'}, facts: [{ ${type}: { ${member}: ${truth} } }] }
`);
      expect((await lint(text(true))).notes).toEqual([
        `5:13 check 'x/y': 'none' over ${type} with ${member}: true passes where nothing was tried; say appliesWhen if that is wrong`,
      ]);
      expect((await lint(text(false))).notes).toEqual([]);
      expect((await lint(text(true, 'some'))).notes).toEqual([]);
    },
  );
});

describe('a baseline', () => {
  test('of one’s own with a unit that only refutes and says nothing for a person is noted', async () => {
    const units =
      'units: [{ id: a, mark: refute, checks: [a/b] }, { id: b, mark: refute, checks: [a/b], work: W }, { id: c, mark: decide, checks: [a/b] }]';
    expect(await lint(baseline(units))).toEqual({
      file: 'mine.yaml',
      kind: 'baseline',
      problems: [],
      notes: ["5:66 unit 'a' can only be refuted by its checks, and says no work for a person"],
    });
  });
  test('whose references break is told all of it', async () => {
    const units = 'units: [{ id: a, mark: decide, checks: [a/c] }]';
    expect((await lint(baseline(units))).problems).toEqual(["5:98 there is no check 'a/c' (did you mean 'a/b'?)"]);
    expect((await lint(baseline(units.replace('a/c', 'a/b'), 'extends: none\n'))).problems).toEqual([
      "4:10 there is no baseline 'none' (baselines: )",
    ]);
  });
  test('may be deemed by controls of baselines that nobody knows, not by its own that there are not', async () => {
    const units = 'units: [{ id: a, mark: decide, checks: [a/b] }]';
    expect((await lint(baseline(`${units}, deemedBy: [ours/1, theirs/4]`))).problems).toEqual([]);
    expect(
      (await lint(baseline(`${units}, deemedBy: [ours/7]`))).problems.map((one) => one.replace(/^\S+ /, '')),
    ).toEqual(["there is no control 'ours/7' (did you mean 'ours/1'?)"]);
  });
});
