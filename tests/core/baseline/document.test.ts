/** YAML with positions: places and limits. */
import { describe, expect, test } from 'vitest';
import { LineCounter } from 'yaml';
import { compileDocument, openCompiled } from '../../../src/core/baseline/document.ts';
import { LEXEME_LIMIT, parseBounded } from '../../../src/core/baseline/stream.ts';
import { problemsOf, yaml } from '../../support/library.ts';

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

describe('limits', () => {
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
    const { readDocument } = await import('../../../src/core/baseline/document.ts');
    expect((await problemsOf(() => readDocument('nowhere.yaml')))[0]?.message).toBe('there is no such file');
    expect((await problemsOf(() => readDocument('src')))[0]?.message).toBe('it is a directory');
  });
});
