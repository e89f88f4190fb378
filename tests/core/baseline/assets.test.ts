/** What ships, as it is found and opened. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openAssets } from '../../../src/core/baseline/assets.ts';
import { readDocument } from '../../../src/core/baseline/document.ts';

/** Reading all of it takes a second: once for both. */
let read: ReturnType<typeof openAssets> | undefined;
const shipped = () => {
  read ??= openAssets();
  return read;
};

describe('what ships', () => {
  test('is named by its place in the package', async () => {
    const assets = await shipped();
    for (const { kind, id, version, title, date, file, sha256 } of assets) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      if (kind === 'baseline') expect([file, title]).toEqual([`baselines/${id}/${version}.yaml`, expect.any(String)]);
      if (kind === 'checks') expect([file, version]).toEqual([`baselines/checks/${id}.yaml`, undefined]);
      if (kind === 'knowledge') expect(file).toBe(`baselines/knowledge/${id}.yaml`);
      if (id === 'kernel-options') expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
    expect(new Set(assets.map(({ kind }) => kind))).toEqual(new Set(['checks', 'baseline', 'knowledge']));
    expect(assets.map(({ file }) => file).filter((file) => file.includes('/schema/'))).toEqual([]);
  });
  test('compiled, an entry opens to its file beside the index, and is read once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-assets-'));
    const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));
    const entry = { kind: 'checks', id: 'a', file: 'baselines/checks/a.yaml', sha256: 'ab' } as const;
    write('index.json', [{ ...entry, path: 'a.json' }]);
    write('a.json', { file: entry.file, sha256: 'ab', value: { checks: [] }, places: { '/checks/0': [3, 5] } });
    const [asset, ...more] = await openAssets(pathToFileURL(`${folder}/`));
    const opened = asset?.open();
    rmSync(folder, { recursive: true });
    expect(more).toEqual([]);
    expect(asset).toEqual({ ...entry, open: expect.any(Function) });
    expect(opened?.value).toEqual({ checks: [] });
    expect(opened?.place(['checks', 0, 'id'])).toEqual({ file: entry.file, line: 3, column: 5 });
    expect(asset?.open()).toBe(opened);
  });
  test('opens to what its file says, with places in the package', async () => {
    const etsi = (await shipped()).find(({ file }) => file === 'baselines/etsi-en-303-645/2.1.1.yaml');
    const document = await readDocument('baselines/etsi-en-303-645/2.1.1.yaml');
    expect(etsi?.sha256).toBe(document.sha256);
    expect(etsi?.open().value).toEqual(document.value);
    expect(etsi?.open().place(['controls', 3])).toEqual(document.place(['controls', 3]));
  });
});
