/** Hostile and broken YAML in bulk: a megabyte of each kind of punctuation, and a thousand broken files. */
import { describe, expect, test } from 'vitest';
import { LineCounter } from 'yaml';
import { openAssets } from '../../../src/core/baseline/assets.ts';
import { DOCUMENT_LIMIT, parseYaml } from '../../../src/core/baseline/document.ts';
import { libraryOf } from '../../../src/core/baseline/library.ts';
import { lintDocument } from '../../../src/core/baseline/lint.ts';
import { FAULT_LIMIT, LEXEME_LIMIT, parseBounded } from '../../../src/core/baseline/stream.ts';
import { UsageError } from '../../../src/lib/fault.ts';
import { brokenTexts } from '../../support/broken-yaml.ts';
import { problemsOf, told, words, yaml } from '../../support/library.ts';

describe('floods', () => {
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
});

describe('broken files', () => {
  test('more than a thousand of them: each that is refused has a positioned problem, none throws otherwise, none takes a second', async () => {
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
    for (const text of brokenTexts(1400)) {
      const start = performance.now();
      if ((await told_(text)).length > 0) refused += 1;
      expect(performance.now() - start).toBeLessThan(1000);
    }
    expect(refused).toBeGreaterThanOrEqual(1000);
  }, 60_000);
});
