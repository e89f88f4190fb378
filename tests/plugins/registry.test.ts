/** Proves of every kind of plug-in: registry = folder, id = path, metadata whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FactType } from '../../src/core/model/fact.ts';
import * as vocabulary from '../../src/facts/index.ts';

interface Plugin {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly title?: unknown;
  readonly operand?: unknown;
  readonly class?: unknown;
  readonly method?: unknown;
  readonly intrusion?: unknown;
  readonly consumes?: unknown;
  readonly produces?: unknown;
}

const KINDS = [
  'analyzers',
  'declarations',
  'derivers',
  'exporters',
  'inspectors',
  'keywords',
  'probes',
  'reporters',
  'unpackers',
  'verifiers',
] as const;
type Kind = (typeof KINDS)[number];

const GATHERERS: readonly Kind[] = ['analyzers', 'declarations', 'derivers', 'inspectors', 'probes'];
const RENDERERS: readonly Kind[] = ['exporters', 'reporters'];
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const nameOf = (kind: Kind, plugin: Plugin): string =>
  kind === 'keywords' ? kebab(String(plugin.name)) : String(plugin.id);

/** A plug-in's own marks: an id (or, of a keyword, a name) and a title. */
const isPlugin = (kind: Kind, value: unknown): value is Plugin =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Plugin).title === 'string' &&
  typeof (value as Plugin)[kind === 'keywords' ? 'operand' : 'id'] !== 'undefined';

/** A plug-in is named by its path; a renderer in several files by their folder, with a word of its own behind it or none. */
function isHome(kind: Kind, name: string, file: string): boolean {
  const [folder = '', part = ''] = file.split('/');
  return name === file || (RENDERERS.includes(kind) && (name === folder || name === `${folder}-${part}`));
}

const registryOf = async (kind: Kind): Promise<readonly Plugin[]> =>
  Object.values((await import(`../../src/plugins/${kind}/index.ts`)) as Record<string, Plugin>);

const filesOf = (kind: Kind): readonly string[] =>
  readdirSync(`src/plugins/${kind}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'index.ts')
    .map((path) => path.slice(0, -3));

test('every folder of plug-ins is a kind known here', () => {
  expect(readdirSync('src/plugins').sort()).toEqual([...KINDS]);
});

describe.each(KINDS)('%s', (kind) => {
  test('the registry holds every plug-in of the folder, each under its path', async () => {
    const declared: string[] = [];
    for (const file of filesOf(kind)) {
      const path = resolve('src/plugins', kind, `${file}.ts`);
      const exports = Object.values((await import(/* @vite-ignore */ path)) as Record<string, unknown>);
      for (const plugin of exports.filter((value) => isPlugin(kind, value))) {
        expect(isHome(kind, nameOf(kind, plugin), file)).toBe(true);
        declared.push(nameOf(kind, plugin));
      }
    }
    const registered = (await registryOf(kind)).map((plugin) => nameOf(kind, plugin));
    expect(new Set(registered)).toEqual(new Set(declared));
    expect(new Set(registered).size).toBe(registered.length);
  });

  test('the registry is one alphabetical line for each', () => {
    const lines = readFileSync(`src/plugins/${kind}/index.ts`, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' from '))
      .map((line) => line.replace(/.* from '(.*)\.ts';/, '$1'));
    expect(lines).toEqual([...lines].sort());
  });

  test('metadata is whole', async () => {
    const words = new Set(Object.values(vocabulary).filter((value) => isFact(value)));
    for (const plugin of await registryOf(kind)) {
      const name = nameOf(kind, plugin);
      expect(String(plugin.title).length, `${name} has a title`).toBeGreaterThan(3);
      if (GATHERERS.includes(kind)) expectGatherer(plugin, name, words);
      if (RENDERERS.includes(kind)) {
        expect(plugin, name).toMatchObject({ extension: expect.any(String), mediaType: expect.stringContaining('/') });
      }
      if (kind === 'keywords') expect(plugin.operand, name).toBeTypeOf('object');
      if (kind === 'unpackers') {
        expect(['archive', 'compression', 'file-system', 'image', 'leaf'], name).toContain(plugin.class);
      }
    }
  });
});

const isFact = (value: unknown): value is FactType =>
  typeof value === 'object' && value !== null && 'schema' in value && 'over' in value;

function expectGatherer(plugin: Plugin, name: string, words: ReadonlySet<FactType>): void {
  expect(['TEST', 'EXAMINE', 'INTERVIEW'], name).toContain(plugin.method);
  expect(['passive', 'safe', 'intrusive'], name).toContain(plugin.intrusion);
  const produces = plugin.produces as readonly FactType[];
  expect(produces.length, `${name} produces something`).toBeGreaterThan(0);
  for (const type of [...produces, ...(plugin.consumes as readonly FactType[])]) {
    expect(words.has(type), `${name} speaks the vocabulary: ${type.name}`).toBe(true);
  }
}

test('every fact type stands in the vocabulary once', () => {
  const names = Object.values(vocabulary)
    .filter((value) => isFact(value))
    .map((type) => type.name);
  expect(new Set(names).size).toBe(names.length);
});
