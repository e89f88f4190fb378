/** Proves that one dossier gives the same bytes in every format, twice and on two lines of Node. XLSX is compared unzipped. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as exporters from '../../src/plugins/exporters/index.ts';
import * as reporters from '../../src/plugins/reporters/index.ts';

/** Another line of Node than the one that runs this, as npm gives it. */
const OTHER = process.version.startsWith('v24.') ? 'node@22' : 'node@24';
/** What the exports speak of. */
const JUDGED = ['etsi-en-303-645', 'uk-psti', 'xiaomi-consumer-iot:medium'].flatMap((id) => ['--baseline', id]);
const ASSAY = resolve('bin', 'assay.js');
const found = spawnSync('npx', ['-y', OTHER, '-p', 'process.execPath'], { encoding: 'utf8' });
const other = found.status === 0 ? found.stdout.trim() : undefined;

const formats = [
  ...Object.values(reporters),
  ...(Object.values(exporters) as readonly { readonly id: string; readonly extension: string }[]),
].map(({ id, extension }) => ({ id, extension }));

describe.skipIf(other === undefined)('the same dossier', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-same-'));
  const dossier = join(folder, 'dossier');
  const runs = [
    { name: 'first', node: process.execPath },
    { name: 'second', node: process.execPath },
    { name: 'other', node: other ?? '' },
  ];
  const file = (run: string, { id, extension }: (typeof formats)[number]): string =>
    join(folder, `${run}-${id}.${extension}`);

  beforeAll(() => {
    execFileSync(ASSAY, ['gather', '--firmware', 'fixtures/demo/insecure.bin', '--out', dossier, '--quiet']);
    for (const { name, node } of runs) {
      const wishes = formats.flatMap((format) => ['--report', `${format.id}=${file(name, format)}`]);
      const { status, stderr } = spawnSync(node, [ASSAY, 'evaluate', dossier, '--quiet', ...JUDGED, ...wishes], {
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(1);
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const digest = (path: string): string => {
    const bytes = path.endsWith('.xlsx')
      ? execFileSync('unzip', ['-p', path], { maxBuffer: 1 << 28 })
      : readFileSync(path);
    return createHash('sha256').update(bytes).digest('hex');
  };
  test.each(formats)('as $id', (format) => {
    const digests = runs.map(({ name }) => digest(file(name, format)));
    expect(new Set(digests).size).toBe(1);
    expect(readFileSync(file('first', format)).length).toBeGreaterThan(100);
  });
});
