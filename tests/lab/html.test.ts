/** Proves the HTML report in a real Chromium: its script runs under its own policy, links open, and hostile text does nothing. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'cheerio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page } from '../../src/plugins/reporters/html.ts';
import { failingReport, hostileReport, WIDE } from '../support/report.ts';

function present(): boolean {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!present())('the HTML report in Chromium', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-html-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function browse(text: string, fragment = ''): Promise<{ readonly dom: string; readonly log: string }> {
    const file = join(folder, 'report.html');
    writeFileSync(file, text);
    const { stdout, stderr } = await promisify(execFile)(
      'chromium',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--enable-logging=stderr',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--dump-dom',
        `file://${file}${fragment}`,
      ],
      { maxBuffer: 1 << 26, timeout: 90_000 },
    );
    return { dom: stdout, log: stderr };
  }

  test('runs its script, counts its rows and opens what the address names', async () => {
    const { dom, log } = await browse(String(page.render(failingReport(), WIDE)), '#check-0');
    const document = load(dom);
    const rows = document('[data-outcome]').length;
    expect(document('#count').text()).toBe(`${rows} of ${rows} shown`);
    expect(document('#check-0').attr('open')).toBeDefined();
    expect(log).not.toContain('CONSOLE');
  }, 120_000);

  test('a page whose script was changed runs nothing: the policy holds', async () => {
    const changed = String(page.render(failingReport(), WIDE)).replace('filter();', 'filter(); ');
    const { dom, log } = await browse(changed);
    expect(load(dom)('#count').text()).toBe('');
    expect(log).toContain('Content Security Policy');
  }, 120_000);

  test('hostile text makes no element and no message', async () => {
    const { dom, log } = await browse(String(page.render(hostileReport(), WIDE)));
    expect(load(dom)('script')).toHaveLength(1);
    expect(load(dom)('img')).toHaveLength(0);
    expect(log).not.toContain('CONSOLE');
  }, 120_000);
});
