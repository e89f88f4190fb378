/** What ships with assay: checks, baselines and knowledge, compiled beside the program or, in a source tree, read from YAML. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../lib/schema.ts';
import { type CompiledDocument, openCompiled, readDocument, type SourceDocument } from './document.ts';

export interface Asset {
  readonly kind: 'checks' | 'baseline' | 'knowledge';
  /** Family of checks, id of the baseline, id of the table. */
  readonly id: string;
  readonly version?: string;
  readonly title?: string;
  /** Of a data table: when it was put together. */
  readonly date?: string;
  /** Path from the root of the package: `baselines/checks/tls.yaml`. */
  readonly file: string;
  readonly sha256: string;
  open(): SourceDocument;
}

/** One line of `assets/index.json`. */
export interface AssetEntry extends Omit<Asset, 'open'> {
  /** File beside the index. */
  readonly path: string;
}

const PACKAGE = new URL('../../../', import.meta.url);
const COMPILED = new URL('../../assets/', import.meta.url);

/** Every shipped document. Reads the compiled index where there is one; else parses all YAML (a source tree before its build). */
export async function openAssets(compiled: URL = COMPILED): Promise<readonly Asset[]> {
  const index = new URL('index.json', compiled);
  if (!existsSync(index)) return (await readShipped()).map(({ asset }) => asset);
  return (readJson(index) as readonly AssetEntry[]).map(({ path, ...entry }) => {
    let document: SourceDocument | undefined;
    return {
      ...entry,
      open() {
        document ??= openCompiled(readJson(new URL(path, compiled)) as CompiledDocument);
        return document;
      },
    };
  });
}

const readJson = (url: URL): unknown => JSON.parse(readFileSync(url, 'utf8'));

export interface Shipped {
  readonly asset: Asset;
  readonly document: SourceDocument;
}

/** Every YAML document under `baselines/`, parsed. Throws UsageError at the first file that is no YAML. */
export async function readShipped(): Promise<readonly Shipped[]> {
  const shipped: Shipped[] = [];
  for (const { kind, file } of shippedFiles()) {
    const document = { ...(await readDocument(fileURLToPath(new URL(file, PACKAGE)))), file };
    shipped.push({ asset: assetOf(kind, document), document: relocate(document, file) });
  }
  return shipped;
}

/** Places name the file as the package does, wherever it is installed. */
function relocate(document: SourceDocument, file: string): SourceDocument {
  return { ...document, file, place: (path, key) => ({ ...document.place(path, key), file }) };
}

function assetOf(kind: Asset['kind'], document: SourceDocument): Asset {
  const value = document.value as { readonly [key: string]: Json };
  const text = (key: string): string | undefined => (typeof value[key] === 'string' ? value[key] : undefined);
  const [version, title, date] = [text('version'), text('title'), text('date')];
  const name = document.file.replace(/^.*\//, '').replace(/\.yaml$/, '');
  const located = relocate(document, document.file);
  return {
    kind,
    id: (kind === 'checks' ? undefined : text('id')) ?? name,
    ...(version === undefined ? {} : { version }),
    ...(title === undefined ? {} : { title }),
    ...(date === undefined ? {} : { date }),
    file: document.file,
    sha256: document.sha256,
    open: () => located,
  };
}

function shippedFiles(): readonly { readonly kind: Asset['kind']; readonly file: string }[] {
  const yamlIn = (folder: string): readonly string[] => {
    const url = new URL(`${folder}/`, PACKAGE);
    if (!existsSync(url)) return [];
    const names = readdirSync(url).filter((name) => name.endsWith('.yaml'));
    return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => `${folder}/${name}`);
  };
  const folders = readdirSync(new URL('baselines/', PACKAGE), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['schema', 'checks', 'knowledge'].includes(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => (a < b ? -1 : 1));
  return [
    ...yamlIn('baselines/checks').map((file) => ({ kind: 'checks' as const, file })),
    ...folders.flatMap((name) => yamlIn(`baselines/${name}`)).map((file) => ({ kind: 'baseline' as const, file })),
    ...yamlIn('baselines/knowledge').map((file) => ({ kind: 'knowledge' as const, file })),
  ];
}
