/** Proves that LibreOffice opens the ICS and IXIT workbook: every sheet is there, and nothing in it is computed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { icsIxit } from '../../src/plugins/exporters/ics-ixit/workbook.ts';
import { desk } from '../support/cli.ts';
import { dossierOf } from '../support/exporting.ts';
import { failingReport, WIDE } from '../support/report.ts';

const on = desk();
afterAll(on.clear);
const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

const DECLARED = { ics: [{ provision: '5.1-1', support: 'Y', detail: '=1+41' }] };

test.skipIf(!has('soffice') || !has('pdftotext'))(
  'LibreOffice converts the workbook to a PDF with every table, and a formula stays text',
  async () => {
    const dossier = await dossierOf(failingReport(), { declaration: DECLARED });
    const file = on.file('form.xlsx', (await icsIxit.render(dossier, WIDE)) as Uint8Array);
    const profile = `-env:UserInstallation=file://${on.path('profile')}`;
    execFileSync('soffice', [profile, '--headless', '--convert-to', 'pdf', '--outdir', on.folder, file], {
      stdio: 'pipe',
    });
    execFileSync('pdftotext', ['-layout', on.path('form.pdf'), on.path('form.txt')]);
    const text = readFileSync(on.path('form.txt'), 'utf8');
    for (const one of ['Provision 5.1-1', 'Provision 6-8', 'Password', 'Resilience', "'=1+41"])
      expect(text).toContain(one);
    expect(text).not.toMatch(/(^|\s)42(\s|$)/m);
  },
  180_000,
);
