/** Runs analyzers over files given as text: packed as a tar, unpacked by the engine, pushed as in a scan. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Fact, FactType } from '../../src/core/model/fact.ts';
import type { Analyzer, AnalyzerContext, Settings } from '../../src/core/model/gatherer.ts';
import { unpackImage } from '../../src/core/unpacking/unpack.ts';
import { tar } from '../../src/plugins/unpackers/archive/tar.ts';
import { type TarInput, tarOf } from './tar.ts';
import { modeOf, placesIn } from './tree.ts';

export interface Analyzed {
  readonly facts: readonly { readonly type: string; readonly data: Record<string, unknown>; readonly path: string }[];
  readonly gaps: readonly { readonly message: string; readonly area?: string }[];
  of(name: string): readonly Record<string, unknown>[];
}

const SETTINGS: Settings = {
  state: 'unknown',
  ports: 'default',
  credentials: false,
  credentialTries: 3,
  intrusive: false,
  crackSeconds: 5,
  authorities: [],
  keys: [],
  now: '2026-06-01T00:00:00Z',
} as unknown as Settings;

/** `files` by absolute name; a root needs /bin, /etc and /sbin, which are added. */
export async function analyze(
  analyzers: readonly Analyzer[],
  files: { readonly [name: string]: string | Uint8Array | Omit<TarInput, 'name'> },
): Promise<Analyzed> {
  const inputs = Object.entries(files).map(
    ([name, value]): TarInput => ({
      name: name.slice(1),
      mode: modeOf(name),
      ...(typeof value === 'string' || value instanceof Uint8Array ? { content: value } : value),
    }),
  );
  const folders = ['bin/', 'etc/', 'sbin/', 'lib/', 'usr/', 'dev/', 'proc/'].map(
    (name): TarInput => ({ name, type: '5', mode: 0o755 }),
  );
  const folder = mkdtempSync(join(tmpdir(), 'assay-analyze-'));
  const path = join(folder, 'fw.tar');
  writeFileSync(path, tarOf([...folders, { name: 'bin/sh', content: 'x', mode: 0o755 }, ...inputs]));
  const image = await unpackImage({
    path,
    unpackers: [tar],
    signal: new AbortController().signal,
    job: () => Promise.reject(new Error('no jobs here')),
  } as Parameters<typeof unpackImage>[0]);
  try {
    const facts: { type: string; data: Record<string, unknown>; path: string }[] = [];
    const gaps: { message: string; area?: string }[] = [];
    const context = {
      tree: image.tree,
      facts: { of: () => [], named: () => [], coverage: () => ({ complete: true, heard: [], gaps: [] }) },
      signal: new AbortController().signal,
      settings: SETTINGS,
      knowledge: (id: string) => parse(readFileSync(`baselines/knowledge/${id}.yaml`, 'utf8')) as unknown,
      emit(type: FactType, data: unknown, grounds?: { subject?: { path?: string } }) {
        facts.push({ type: type.name, data: data as Record<string, unknown>, path: grounds?.subject?.path ?? '' });
        return {} as Fact;
      },
      gap: (unseen: { message: string }, options?: { area?: string }) =>
        gaps.push({ message: unseen.message, ...(options?.area === undefined ? {} : { area: options.area }) }),
      keep: () => ({ sha256: '', mediaType: '', size: 0 }),
      job: () => Promise.reject(new Error('no jobs here')),
    } as unknown as AnalyzerContext;
    for (const analyzer of analyzers) {
      for (const entry of image.tree.entries())
        if (analyzer.wants(entry)) {
          const content = image.tree.content(entry);
          const places = placesIn(analyzer, image.tree, content);
          await analyzer.observe(entry, content, { ...context, places });
        }
      await analyzer.finish?.(context);
    }
    return { facts, gaps, of: (name) => facts.filter((fact) => fact.type === name).map((fact) => fact.data) };
  } finally {
    image.dispose();
    rmSync(folder, { recursive: true });
  }
}
