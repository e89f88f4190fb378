/** YAML with positions: places and limits. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LineCounter } from 'yaml';
import { compileDocument, openCompiled, readDocument } from '../../../src/core/baseline/document.ts';
import { LEXEME_LIMIT, parseBounded } from '../../../src/core/baseline/stream.ts';
import { problemsOf, told, yaml } from '../../support/library.ts';

const TEXT = 'a: 1\nlist:\n  - id: x\n    deep: { k: [1, 2] }\n  - id: y\n';

describe('places', () => {
  test('values and keys stand where they are written', async () => {
    const document = await yaml(TEXT);
    expect(document.place(['list', 1])).toEqual({ file: 'mine.yaml', line: 5, column: 5 });
    expect(document.place(['list', 0, 'deep', 'k', 1])).toMatchObject({ line: 4, column: 20 });
    expect(document.place(['list', 0, 'deep', 'k'], true)).toMatchObject({ line: 4, column: 13 });
  });

  test('what there is not has the place of the nearest part above it', async () => {
    expect((await yaml(TEXT)).place(['list', 1, 'none', 'deeper'])).toMatchObject({ line: 5, column: 5 });
  });

  test('a compiled document keeps the places of list elements', async () => {
    const document = await yaml(TEXT);
    const compiled = openCompiled(JSON.parse(JSON.stringify(compileDocument(document))));
    expect(compiled.value).toEqual(document.value);
    expect(compiled.place(['list', 1, 'id'])).toEqual(document.place(['list', 1]));
    expect(compiled.place(['a'])).toMatchObject({ line: 1, column: 1 });
  });
});

describe('what is kept', () => {
  test('the value, the digest of the bytes and the name', async () => {
    const document = await yaml('a: [1, x, true, null]\n', 'other.yaml');
    expect(document).toMatchObject({
      file: 'other.yaml',
      sha256: createHash('sha256').update('a: [1, x, true, null]\n').digest('hex'),
      value: { a: [1, 'x', true, null] },
    });
  });
  test('aliases and their places: the walk ends at the alias', async () => {
    const document = await yaml('a: &x { k: 1 }\nb: *x\n');
    expect(document.value).toEqual({ a: { k: 1 }, b: { k: 1 } });
    expect(document.place(['b', 'k'])).toMatchObject({ line: 2, column: 4 });
  });
  test('places of keys, of values that are nothing, and of the whole', async () => {
    const document = await yaml('first: 1\nempty:\nlist: [a, { b: 2 }]\n');
    expect(document.place([])).toMatchObject({ line: 1, column: 1 });
    expect(document.place(['empty'], true)).toMatchObject({ line: 2, column: 1 });
    expect(document.place(['list', 1, 'b'])).toMatchObject({ line: 3, column: 16 });
    expect(document.place(['list', 1, 'b'], true)).toMatchObject({ line: 3, column: 13 });
    expect(document.place(['list', 5])).toMatchObject({ line: 3, column: 7 });
    expect(document.place(['first', 'deeper'], true)).toMatchObject({ line: 1, column: 8 });
    expect(document.place(['none'], true)).toMatchObject({ line: 1, column: 1 });
  });
  test('compiled: elements of lists, and of lists in them, no deeper', async () => {
    const text =
      'title: T\nrows:\n  - id: a\n    parts:\n      - k: 1\n        deep:\n          - z\nmap: { list: [x] }\n';
    const { places, ...rest } = compileDocument(await yaml(text));
    expect(places).toEqual({ '/rows/0': [3, 5], '/rows/0/parts/0': [5, 9] });
    expect(rest).toMatchObject({ file: 'mine.yaml', value: { title: 'T', map: { list: ['x'] } } });
    const opened = openCompiled({ places, ...rest });
    expect(opened.place(['rows', 0, 'parts', 0, 'deep', 0])).toEqual({ file: 'mine.yaml', line: 5, column: 9 });
    expect(opened.place(['rows', 0])).toEqual({ file: 'mine.yaml', line: 3, column: 5 });
    expect(opened.place(['rows', 7])).toEqual({ file: 'mine.yaml', line: 1, column: 1 });
    expect([opened.file, opened.sha256, opened.value]).toEqual([rest.file, rest.sha256, rest.value]);
  });
});

describe('limits', () => {
  test('what is just small, shallow or plain enough is taken', async () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
    expect((await yaml(deep(63))).value).toBeInstanceOf(Array);
    expect((await problemsOf(() => yaml(deep(64))))[0]?.message).toBe('values nest deeper than 64');
    expect((await problemsOf(() => yaml(deep(501))))[0]).toMatchObject({
      message: 'values nest deeper than 64',
      at: { file: 'mine.yaml', line: 1, column: 1 },
    });
    // Brackets that close count no more, nor do those that never opened.
    expect((await yaml(`a: "${'[]'.repeat(600)}"\n`)).value).toBeTypeOf('object');
    expect((await yaml(`a: "${']'.repeat(600)}${'['.repeat(300)}"\n`)).value).toBeTypeOf('object');
    const size = (1 << 20) - 3;
    expect((await yaml(`a: ${'x'.repeat(size)}`)).value).toBeTypeOf('object');
    expect((await problemsOf(() => yaml(`a: ${'x'.repeat(size + 1)}`))).map(told)).toEqual([
      '1:1 the file is larger than 1048576 bytes',
    ]);
  });
  test('a key that stands twice is told at each further place, in every mapping, a hundred times at most', async () => {
    expect((await problemsOf(() => yaml('a: { b: 1, b: 2, c: 3, b: 4 }\nd: 1\nd: 2\n'))).map(told)).toEqual([
      "3:1 'd' stands here twice",
      "1:12 'b' stands here twice",
      "1:24 'b' stands here twice",
    ]);
    expect(await problemsOf(() => yaml('a: 1\n'.repeat(150)))).toHaveLength(100);
  });
  test('a file that is larger than is read is refused before it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-large-'));
    const path = join(folder, 'large.yaml');
    writeFileSync(path, 'x'.repeat((1 << 20) + 1));
    const problems = await problemsOf(() => readDocument(path));
    rmSync(folder, { recursive: true });
    expect(problems).toEqual([
      { message: 'the file is larger than 1048576 bytes', at: { file: path, line: 1, column: 1 } },
    ]);
  });
  test('what is no document at all is told at its place', async () => {
    expect((await problemsOf(() => yaml(''))).map(told)).toEqual(['1:1 the file is empty']);
    expect((await problemsOf(() => yaml('~\n'))).map(told)).toEqual(['1:1 the file is empty']);
    expect((await problemsOf(() => yaml('a: "b\n'))).map(({ at }) => at?.line)).toEqual([2]);
    expect((await problemsOf(() => yaml('a: *b\n')))[0]?.message).toMatch(/b/);
    expect((await yaml('0\n')).value).toBe(0);
  });
  const hostile: readonly [string, string, string][] = [
    ['flow nesting', '['.repeat(100_000), 'nest deeper than'],
    ['compact nesting', '- '.repeat(100_000), 'nest deeper than'],
    ['block nesting', Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'nest'],
    [
      'aliases',
      `a: &a [${'x,'.repeat(9)}]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      'alias',
    ],
    ['size', `a: ${'x'.repeat(1 << 20)}`, 'larger than'],
    ['repeated keys', 'a: 1\nb: 2\na: 3\n', "'a' stands here twice"],
    ['a tag', 'a: !!js/function x', 'tag'],
    ['nothing', '# only a comment\n', 'empty'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'multiple documents'],
  ];
  test.each(hostile)('%s is refused, with a place', async (_, text, message) => {
    const problems = await problemsOf(() => yaml(text));
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.at?.line).toBeGreaterThan(0);
  });

  test('reading ends at the hundredth fault, and each is told with its line', async () => {
    const text = 'a: 1\n]\n'.repeat(100_000);
    const { lexemes } = parseBounded(await import('yaml'), text, new LineCounter());
    expect(lexemes).toBeLessThan(2000);
    const lines = (await problemsOf(() => yaml(text))).map(({ at }) => at?.line ?? 0);
    expect(lines.length).toBeGreaterThan(90);
    expect(lines[0]).toBe(2);
    expect(lines.every((line, index) => index === 0 || line >= (lines[index - 1] ?? 0))).toBe(true);
    expect(lines.at(-1)).toBeLessThanOrEqual(202);
  });

  test('a file with more words and marks than are read says where reading ended', async () => {
    const many = Array.from({ length: LEXEME_LIMIT / 5 + 10 }, (_, index) => `k${index}: v`).join('\n');
    const [problem, ...more] = await problemsOf(() => yaml(many));
    expect(more).toEqual([]);
    expect(problem?.message).toBe(`the file has more than ${LEXEME_LIMIT} words and marks`);
    expect(problem?.at?.line).toBeGreaterThan(20_000);
  });

  test('an unreadable path is a mistake of the user', async () => {
    expect((await problemsOf(() => readDocument('nowhere.yaml')))[0]?.message).toBe('there is no such file');
    expect((await problemsOf(() => readDocument('src')))[0]?.message).toBe('it is a directory');
  });
});
