/** Proves the HTML report in a real Chromium: its own script and no other runs, filter and links work, it is accessible, prints, and hostile text does nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/core/model/report.ts';
import { page as reporter } from '../../src/plugins/reporters/html/page.ts';
import { failingReport, HOSTILE, hostileReport, mixedReport, WIDE } from '../support/report.ts';

const CHROMIUM = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** One baseline of so many controls, each with long hostile words. */
function manyControls(count: number): Report {
  const report = hostileReport();
  const [assessment] = report.assessments;
  const [control] = assessment?.controls ?? [];
  if (assessment === undefined || control === undefined) throw new Error('the report has no control');
  const controls = Array.from({ length: count }, (_, at) => ({
    ...control,
    id: `control-${at}`,
    title: `${HOSTILE}${'W'.repeat(400)}`,
  }));
  return { ...report, assessments: [{ ...assessment, controls }] };
}

describe.skipIf(!existsSync(CHROMIUM))('the HTML report in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-html-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page from file:// and keeps everything that the console says and every request that it makes. */
  async function open(
    text: string,
    options: { readonly fragment?: string; readonly dark?: boolean } = {},
  ): Promise<{ readonly page: Page; readonly said: string[]; readonly asked: string[] }> {
    const file = join(folder, 'report.html');
    writeFileSync(file, text);
    const page = await browser.newPage({
      viewport: { width: 1280, height: 900 },
      colorScheme: options.dark === true ? 'dark' : 'light',
    });
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('dialog', (dialog) => said.push(dialog.message()));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${file}${options.fragment ?? ''}`);
    return { page, said, asked };
  }
  const render = (report: Report): string => String(reporter.render(report, WIDE));

  test('runs its script, counts its rows, opens what the address names, and asks for nothing but itself', async () => {
    const { page, said, asked } = await open(render(failingReport()), { fragment: '#check-0' });
    const rows = await page.locator('details[data-outcome]').count();
    expect(await page.locator('#count').textContent()).toBe(`${rows} of ${rows} checks and controls shown`);
    expect(await page.locator('#check-0').getAttribute('open')).not.toBeNull();
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.includes('report.html'))).toEqual([]);
    await page.close();
  }, 60_000);

  test('filters by words, outcome and severity, from the keyboard alone', async () => {
    const { page } = await open(render(mixedReport()));
    await page.keyboard.press('/');
    await page.keyboard.type('serial');
    const shown = page.locator('main > section > details[data-outcome]:not([hidden])');
    for (const words of await shown.allTextContents()) expect(words.toLowerCase()).toContain('serial');
    expect(await shown.count()).toBeGreaterThan(0);
    await page.locator('#search').fill('');
    await page.locator('#outcome').selectOption('fail');
    for (const outcome of await shown.evaluateAll((all) => all.map((one) => one.getAttribute('data-outcome'))))
      expect(outcome).toBe('fail');
    await page.locator('#severity').selectOption('critical');
    const severities = await page
      .locator('#checks > details:not([hidden])')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-severity')));
    expect(new Set(severities)).toEqual(new Set(['critical']));
    await page.locator('#open').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#checks > details[open]').count()).toBe(severities.length);
    await page.close();
  }, 60_000);

  test.each([
    ['light', false],
    ['dark', true],
  ])(
    'axe finds nothing to object to, %s, everything opened',
    async (_, dark) => {
      const { page } = await open(render(mixedReport()), { dark });
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      // Through the protocol and not by a tag: the page's own policy lets no foreign script in.
      await page.evaluate(AXE);
      const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
      expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
      await page.close();
    },
    120_000,
  );

  test('prints with what fails opened and the rest as it was left, without its tools', async () => {
    const { page } = await open(render(failingReport()));
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.tools').isVisible()).toBe(false);
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('details[data-outcome="fail"]:not([open])').count()).toBe(0);
    expect(await page.locator('details[data-outcome="inconclusive"][open]').count()).toBe(0);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(20_000);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    expect(await page.locator('#checks > details[open]').count()).toBe(0);
    await page.close();
  }, 60_000);

  test.each([
    ['a report', failingReport],
    ['a hostile report', hostileReport],
  ])(
    '%s does not scroll sideways on a small screen, and what a link leads to is in sight',
    async (_, make) => {
      const { page } = await open(render(make()));
      await page.setViewportSize({ width: 360, height: 700 });
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      await page.evaluate('location.hash = "#check-2"');
      await page.waitForFunction('document.activeElement?.parentElement?.id === "check-2"');
      const { y = -1 } = (await page.locator('#check-2 > summary').boundingBox()) ?? {};
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThan(700);
      await page.close();
    },
    60_000,
  );

  test.each([700, 1000, 1280])(
    'at %i pixels no heading that a link leads to lies under the bar of filters',
    async (width) => {
      const { page } = await open(render(manyControls(300)));
      await page.setViewportSize({ width, height: 700 });
      for (const id of ['matrix', 'coverage']) {
        await page.evaluate(`location.hash = "#${id}"`);
        await page.waitForFunction('scrollY > 200');
        const bar = (await page.locator('.tools').boundingBox()) ?? { y: 0, height: 0 };
        const heading = (await page.locator(`#${id} > h2`).boundingBox()) ?? { y: -1 };
        expect(heading.y, id).toBeGreaterThanOrEqual(bar.y + bar.height);
      }
      await page.close();
    },
    60_000,
  );

  test('3,000 controls with long hostile titles: filtered, walked by keyboard, within its bounds', async () => {
    const text = render(manyControls(3000));
    expect(text.length).toBeLessThan(30 << 20);
    const { page, said, asked } = await open(text);
    const controls = page.locator('main > section[id^="baseline"] > details[data-outcome]');
    expect(await controls.count()).toBe(3000);
    await page.locator('#search').fill('control-2999');
    expect(await page.locator('main > section[id^="baseline"] > details:not([hidden])').count()).toBe(1);
    // Sections without a match go as well, and from the field the next stops are the tools and then the match.
    expect(await page.locator('#checks').isVisible()).toBe(false);
    await page.locator('#search').focus();
    for (let stop = 0; stop < 4; stop += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement?.parentElement?.open')).toBe(true);
    expect(await page.evaluate('document.activeElement?.textContent')).toContain('control-2999');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.includes('report.html'))).toEqual([]);
    await page.close();
  }, 120_000);

  test('a page whose script was changed runs nothing: the policy holds', async () => {
    const { page, said } = await open(render(failingReport()).replace('filter();', 'filter(); '));
    expect(await page.locator('#count').textContent()).toBe('');
    expect(said.join(' ')).toContain('Content Security Policy');
    await page.close();
  }, 60_000);

  test('hostile text makes no element, no request and no message', async () => {
    const { page, said, asked } = await open(render(hostileReport()));
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('img').count()).toBe(0);
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.includes('report.html'))).toEqual([]);
    await page.close();
  }, 60_000);
});
