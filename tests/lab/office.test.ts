/** Proves that LibreOffice opens the ICS and IXIT workbook: every sheet is there, nothing in it is computed, and what it saves is read back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { icsIxit } from '../../src/plugins/exporters/ics-ixit/workbook.ts';
import { assay, desk } from '../support/cli.ts';
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

test.skipIf(!has('soffice'))(
  'an answer that is typed in LibreOffice, and saved by it, is read back',
  async () => {
    const dossier = await dossierOf(failingReport());
    const file = on.file('blank.xlsx', (await icsIxit.render(dossier, WIDE)) as Uint8Array);
    const convert = (to: string, from: string): void => {
      const profile = `-env:UserInstallation=file://${on.path('profile')}`;
      execFileSync('soffice', [profile, '--headless', '--convert-to', to, '--outdir', on.folder, from], {
        stdio: 'pipe',
      });
    };
    convert('fods', file);
    const flat = readFileSync(on.path('blank.fods'), 'utf8');
    // The two empty cells after the status of the provision: Support, which has a list of answers, and Detail.
    const typed = flat.replace(
      /(<text:p>Provision 5\.1-2<\/text:p>.*?<table:table-cell [^>]*content-validation-name="[^"]+")\/>(\s*<table:table-cell [^>]*)\/>/s,
      '$1 office:value-type="string"><text:p>Y</text:p></table:table-cell>$2 office:value-type="string"><text:p>Größe: 16 Zeichen</text:p></table:table-cell>',
    );
    expect(typed).not.toBe(flat);
    convert('xlsx:Calc MS Excel 2007 XML', on.file('typed.fods', typed));
    const said = await assay(['init', '--from', on.path('typed.xlsx')]);
    expect(said.code, said.err).toBe(0);
    expect((parse(said.out) as { readonly ics: unknown }).ics).toEqual([
      { provision: '5.1-2', support: 'Y', detail: 'Größe: 16 Zeichen' },
    ]);
  },
  180_000,
);
