/** YAML with positions: places, limits, and a thousand broken files that each end with a positioned problem. */
import { readdirSync, readFileSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { LineCounter } from 'yaml';
import { openAssets } from '../../../src/core/baseline/assets.ts';
import { compileDocument, DOCUMENT_LIMIT, openCompiled, parseYaml } from '../../../src/core/baseline/document.ts';
import { libraryOf } from '../../../src/core/baseline/library.ts';
import { lintDocument } from '../../../src/core/baseline/lint.ts';
import { FAULT_LIMIT, LEXEME_LIMIT, parseBounded } from '../../../src/core/baseline/stream.ts';
import { UsageError } from '../../../src/lib/fault.ts';
import { problemsOf, told, words, yaml } from '../../support/library.ts';
import { runs } from '../../support/runs.ts';

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
  test.each(hostile)('%s is refused in time, with a place', async (_, text, message) => {
    const start = performance.now();
    const problems = await problemsOf(() => yaml(text));
    expect(performance.now() - start).toBeLessThan(1000);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.at?.line).toBeGreaterThan(0);
  });

  const floods: readonly [string, string][] = [
    ['closing brackets', '}'],
    ['closing brackets on lines of their own', '}\n'],
    ['list items that close a bracket', '- ]\n'],
    ['empty mappings beside each other', '{}'],
    ['values without a key', 'a\n: b\n'],
    ['texts that do not end', '- "\n'],
    ['anchors', '& '],
    ['commas', ', '],
    ['unknown directives', '%X\n'],
    ['unknown tags', '- !x y\n'],
    ['aliases of nothing', '- *a\n'],
    ['comments', '#\n'],
    ['list items', '- a\n'],
    ['mappings in a list', '- {a: 1, a: 2}\n'],
    ['block texts', '- |\n'],
    ['a flow list', '- [a, b, c]\n'],
  ];
  test.each(floods)('a megabyte of %s costs a bounded number of steps and tells where', async (_, piece) => {
    const text = piece.repeat(Math.floor(DOCUMENT_LIMIT / piece.length));
    const { lexemes, document } = parseBounded(await import('yaml'), text, new LineCounter());
    expect(lexemes).toBeLessThanOrEqual(LEXEME_LIMIT);
    expect(document.errors.length).toBeLessThanOrEqual(LEXEME_LIMIT);
    const problems = await problemsOf(() => yaml(text));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(FAULT_LIMIT + 1);
    for (const { at } of problems) expect(at).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
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

describe('broken files', () => {
  const samples = [
    'baselines/checks/tls.yaml',
    'baselines/uk-psti/2023.yaml',
    ...readdirSync('baselines/checks')
      .slice(0, 1)
      .map((name) => `baselines/checks/${name}`),
  ].map((path) => readFileSync(path, 'utf8').split('\n').slice(0, 60).join('\n'));
  const WAIVERS =
    'waivers:\n  - { control: a/1, subject: x, kind: accepted-risk, reason: R, approvedBy: B, expires: 2030-01-01 }\n';

  const cut = (text: string, at: number): string => text.slice(0, 1 + (at % text.length));
  const insert = (text: string, at: number, piece: string): string => {
    const place = at % text.length;
    return text.slice(0, place) + piece + text.slice(place);
  };
  const misspell = (text: string, at: number): string => {
    const words = [...text.matchAll(/[a-zA-Z]{4,}(?=:)/g)];
    const word = words[at % Math.max(1, words.length)];
    return word === undefined
      ? `${text}\n]`
      : `${text.slice(0, word.index)}x${word[0]}${text.slice(word.index + word[0].length)}`;
  };
  const broken = fc
    .record({
      text: fc.constantFrom(...samples, WAIVERS),
      how: fc.constantFrom('cut', 'insert', 'misspell', 'noise'),
      at: fc.nat(100_000),
      piece: fc.oneof(
        fc.constantFrom(
          '\t',
          '{',
          ']',
          ': ',
          '- ',
          '&a ',
          '*a',
          '!!x ',
          '"',
          "'",
          '|\n',
          '\0',
          '%',
          '?',
          '<<: ',
          '__proto__: 1\n',
          '\n---\n',
          '\n',
          '.nan',
          '\u2028',
        ),
        fc.string({ maxLength: 12 }),
      ),
      noise: fc.string({ unit: 'binary', maxLength: 300 }),
    })
    .map(({ text, how, at, piece, noise }) => {
      if (how === 'cut') return cut(text, at);
      if (how === 'insert') return insert(text, at, piece);
      return how === 'misspell' ? misspell(text, at) : noise;
    });

  test('a thousand of them: each that is refused has a positioned problem, none throws otherwise, none takes a second', async () => {
    const library = libraryOf(await openAssets(), words);
    let refused = 0;
    const told_ = async (text: string): Promise<readonly string[]> => {
      try {
        const { problems } = await lintDocument(await parseYaml(Buffer.from(text), 'mine.yaml'), library);
        for (const { at, message } of problems) {
          expect(at?.line, message).toBeGreaterThan(0);
          expect(at?.column, message).toBeGreaterThan(0);
        }
        return problems.map(told);
      } catch (thrown) {
        if (!(thrown instanceof UsageError)) throw thrown;
        expect(thrown.problems.length).toBeGreaterThan(0);
        for (const { at } of thrown.problems) expect(at?.line).toBeGreaterThan(0);
        return thrown.problems.map(told);
      }
    };
    for (const text of fc.sample(broken, { numRuns: runs(1000), seed: 645 })) {
      const start = performance.now();
      if ((await told_(text)).length > 0) refused += 1;
      expect(performance.now() - start).toBeLessThan(1000);
    }
    // Not every edit breaks a file: a cut at the end of an entry, a space inside a title.
    expect(refused).toBeGreaterThan(runs(1000) * 0.7);
  }, 60_000);
});
