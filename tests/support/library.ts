/** Libraries and documents from text, for tests of the baseline engine. */
import type { Asset } from '../../src/core/baseline/assets.ts';
import { parseYaml, type SourceDocument } from '../../src/core/baseline/document.ts';
import { type Library, libraryOf, type Words } from '../../src/core/baseline/library.ts';
import type { FactType } from '../../src/core/model/fact.ts';
import type { Keyword } from '../../src/core/model/keyword.ts';
import * as facts from '../../src/facts/index.ts';
import { type Problem, UsageError } from '../../src/lib/fault.ts';
import * as keywords from '../../src/plugins/keywords/index.ts';

export const words: Words = {
  facts: Object.values(facts).filter((value) => 'schema' in value && 'over' in value) as readonly FactType[],
  keywords: Object.values(keywords) as readonly Keyword[],
};

export const yaml = (text: string, file = 'mine.yaml'): Promise<SourceDocument> => parseYaml(Buffer.from(text), file);

/** A library with these checks files and baselines, each given as YAML. */
export async function aLibrary(texts: {
  readonly checks?: readonly string[];
  readonly baselines?: readonly string[];
  readonly knowledge?: { readonly [id: string]: string };
}): Promise<Library> {
  const asset = async (kind: Asset['kind'], text: string, file: string): Promise<Asset> => {
    const document = await yaml(text, file);
    const value = document.value as { readonly id?: string; readonly version?: string; readonly title?: string };
    return {
      ...value,
      kind,
      id: value.id ?? file.replace(/\.yaml$/, ''),
      file,
      sha256: document.sha256,
      open: () => document,
    };
  };
  const assets = await Promise.all([
    ...(texts.checks ?? []).map((text, index) => asset('checks', text, `checks-${index}.yaml`)),
    ...(texts.baselines ?? []).map((text, index) => asset('baseline', text, `baseline-${index}.yaml`)),
    ...Object.entries(texts.knowledge ?? {}).map(([id, text]) => asset('knowledge', text, `${id}.yaml`)),
  ]);
  return libraryOf(assets, words);
}

/** The problems of a UsageError; anything else that is thrown goes on. */
export async function problemsOf(work: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown.problems;
    throw thrown;
  }
  return [];
}

/** `3:5 message (hint)` */
export const told = ({ at, message, hint }: Problem): string =>
  `${at?.line}:${at?.column} ${message}${hint === undefined ? '' : ` (${hint})`}`;

/** Every YAML block of a Markdown page. */
export const blocksOf = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
