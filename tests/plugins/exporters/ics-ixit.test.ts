/** Proves the ICS and IXIT forms: both editions' own names, marks, nothing computed, nothing invented, the same bytes again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readXlsx, type Sheet } from 'hucre/xlsx';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readForm } from '../../../src/cli/filled-form.ts';
import type { Report } from '../../../src/core/model/report.ts';
import { UsageError } from '../../../src/lib/fault.ts';
import { icsIxitMarkdown } from '../../../src/plugins/exporters/ics-ixit/markdown.ts';
import { icsIxit } from '../../../src/plugins/exporters/ics-ixit/workbook.ts';
import { dossierOf } from '../../support/exporting.ts';
import { failingReport, HOSTILE, hostileCharactersIn, hostileReport, WIDE } from '../../support/report.ts';

const ofEdition = (edition: string): Report => {
  const report = failingReport();
  const assessments = report.assessments.filter(({ baseline }) => baseline.id === 'etsi-en-303-645');
  return {
    ...report,
    assessments: assessments.map((one) => ({ ...one, baseline: { ...one.baseline, version: edition }, controls: [] })),
  };
};
const DECLARED = {
  product: { model: 'Cam 1' },
  support: { until: '2031-12-31' },
  ics: [
    { provision: '5.1-1', support: 'Y', detail: '=1+1\nsecond line' },
    { provision: '5.3-3', support: 'N' },
  ],
  ixit: {
    '1-AuthMech': [{ ID: 'AuthMech-1', Description: HOSTILE, 'No Such Field': 'x' }],
    '4-Conf': [{ 'Confirmation of Secure Development': true }],
    '28-ExtAPI': [{ ID: 'ExtAPI-1', Description: '- an answer' }],
    '77-None': [{ ID: 'x' }],
  },
};

const workbook = async (report: Report, declaration?: object): Promise<Uint8Array> => {
  const dossier = await dossierOf(report, declaration === undefined ? {} : { declaration: { ...declaration } });
  return (await icsIxit.render(dossier, WIDE)) as Uint8Array;
};
const sheetsOf = async (bytes: Uint8Array): Promise<ReadonlyMap<string, Sheet>> =>
  new Map((await readXlsx(bytes, { readStyles: true })).sheets.map((sheet) => [sheet.name, sheet]));

describe.each([
  ['2.1.1', 68, '11-ComMech', '15-Intf', '28-ExtAPI', 'Communication Mechanisms'],
  ['3.1.3', 78, '11-SecComMech', '15-PhyIntf', '28-LogIntf', 'Secure Communication Mechanisms'],
])('edition %s', (edition, provisions, eleven, fifteen, twentyEight, channels) => {
  test('has its own 29 tables, their fields and every provision', async () => {
    const sheets = await sheetsOf(await workbook(ofEdition(edition)));
    expect([...sheets.keys()].slice(0, 2)).toEqual(['About', 'ICS']);
    expect(sheets.size).toBe(31);
    for (const name of [eleven, fifteen, twentyEight]) expect([...sheets.keys()]).toContain(name);
    expect(sheets.get('10-SecParam')?.rows[0]).toContain(channels);
    expect(sheets.get('ICS')?.rows[0]?.slice(0, 4)).toEqual(['Reference', 'Status', 'Support', 'Detail']);
    const references = sheets.get('ICS')?.rows.filter((row) => String(row[0]).startsWith('Provision '));
    expect(references).toHaveLength(provisions);
  });

  test('nothing is answered where nobody answered', async () => {
    const sheets = await sheetsOf(await workbook(ofEdition(edition)));
    for (const row of sheets.get('ICS')?.rows.slice(1) ?? []) expect(row[2] ?? null).toBeNull();
    const marks = [...sheets.values()].flatMap((sheet) => {
      const at = sheet.rows[0]?.indexOf('Mark') ?? -1;
      return at < 0 ? [] : sheet.rows.slice(1).map((row) => row[at] ?? '');
    });
    expect(new Set(marks)).toEqual(new Set(['missing', '']));
  });
});

test('answers stand where the maker gave them, and elsewhere given ones in 2-UserInfo', async () => {
  const sheets = await sheetsOf(await workbook(ofEdition('3.1.3'), DECLARED));
  const row = sheets.get('ICS')?.rows.find((one) => one[0] === 'Provision 5.1-1');
  expect(row?.slice(2, 5)).toEqual(['Y', "'=1+1\nsecond line", 'declared']);
  expect(
    sheets
      .get('ICS')
      ?.rows.find((one) => one[0] === 'Provision 5.3-3')
      ?.slice(2, 6),
  ).toEqual(['N', null, 'declared', 'Detail']);
  const info = new Map(sheets.get('2-UserInfo')?.rows.map((one) => [one[0], one[1]]));
  expect(info.get('Model Designation')).toBe('Cam 1');
  expect(info.get('Support Period')).toBe('2031-12-31');
  expect(info.get('Documentation of Sensors') ?? null).toBeNull();
  expect(
    new Map(sheets.get('4-Conf')?.rows.map((one) => [one[0], one[1]])).get('Confirmation of Secure Development'),
  ).toBe(true);
  expect(sheets.get('28-LogIntf')?.rows[1]?.[1]).toBe("'- an answer");
});

describe('accounts, cryptography and listeners of the declaration', () => {
  const lists = {
    accounts: [
      { account: 'root', login: false },
      { account: 'admin', through: ['http', 'ssh'], preset: 'unique', mechanism: 'AuthMech-1', purpose: 'set-up' },
      { account: 'viewer', through: ['rtsp'], preset: 'shared', mechanism: 'AuthMech-9' },
      { account: 'guest', preset: 'none', mechanism: 'AuthMech-9' },
      { account: 'service' },
    ],
    cryptography: [
      { channel: 'SecComMech-1', protocol: 'TLS', ports: ['443/tcp'], versions: ['TLSv1.2', 'TLSv1.3'], suites: [] },
      { channel: 'shell', protocol: 'SSH', kex: ['curve25519-sha256'], hostKeys: ['ssh-ed25519'] },
    ],
    listeners: [{ port: 443, transport: 'tcp', protocol: 'https', purpose: 'set-up page' }],
    ixit: {
      '1-AuthMech': [{ ID: 'AuthMech-1', Description: 'Login page', 'Password Generation Mechanism': '' }],
      '11-SecComMech': [{ ID: 'SecComMech-1', 'Cryptographic Details': 'as in RFC 9325' }],
    },
  };
  const table = async (edition: string, name: string, bytes?: Uint8Array) =>
    (await sheetsOf(bytes ?? (await workbook(ofEdition(edition), lists)))).get(name)?.rows.slice(1) ?? [];

  test('stand in 1-AuthMech, 11 and 28, one row an ID, and what the table says goes first', async () => {
    expect((await table('2.1.1', '1-AuthMech')).map((row) => [row[0], row[1], row[3]])).toEqual([
      ['AuthMech-1', 'Login page', 'admin: different on every unit as sold'],
      [
        'AuthMech-9',
        'login as viewer through rtsp\nlogin as guest',
        'viewer: the same on all units as sold\nguest: no password as sold',
      ],
      ['account service', 'login as service', null],
    ]);
    expect((await table('3.1.3', '11-SecComMech')).map((row) => [row[0], row[1], row[2], row[4]])).toEqual([
      ['SecComMech-1', 'TLS at 443/tcp', '443/tcp', 'as in RFC 9325'],
      ['shell', 'SSH wherever it is spoken', null, 'SSH; key exchanges curve25519-sha256; host keys ssh-ed25519'],
    ]);
    expect((await table('2.1.1', '28-ExtAPI')).map((row) => row.slice(0, 2))).toEqual([
      ['listener 443/tcp', 'https at 443/tcp: set-up page'],
    ]);
  });

  test('come back from the workbook as rows, and then give the same workbook', async () => {
    const first = await workbook(ofEdition('3.1.3'), lists);
    const folder = mkdtempSync(join(tmpdir(), 'assay-form-'));
    writeFileSync(join(folder, 'form.xlsx'), first);
    const known = parse(readFileSync('baselines/knowledge/ixit-tables.yaml', 'utf8')) as { tables: never };
    const form = await readForm(join(folder, 'form.xlsx'), known.tables);
    rmSync(folder, { recursive: true });
    const ixit = Object.fromEntries(
      Object.entries(form.tables).map(([name, rows]) => [name, rows.map(({ answers }) => answers)]),
    );
    expect(ixit['1-AuthMech']).toHaveLength(3);
    for (const declaration of [{ ixit }, { ...lists, ixit }]) {
      const again = await workbook(ofEdition('3.1.3'), declaration);
      for (const name of ['1-AuthMech', '11-SecComMech', '28-LogIntf'])
        expect(await table('3.1.3', name, again)).toEqual(await table('3.1.3', name, first));
    }
  });
});

test('what the edition has no place for is told, not dropped in silence', async () => {
  const about = (await sheetsOf(await workbook(ofEdition('3.1.3'), DECLARED))).get('About')?.rows.flat().join('\n');
  expect(about).toContain('1-AuthMech of this edition has no field No Such Field');
  expect(about).toContain('No edition has a table 77-None');
});

test('what was observed is proposed with its facts, apart from what is declared', async () => {
  const report = ofEdition('3.1.3');
  const service = {
    id: 'net.service-0123456789ab',
    type: 'net.service',
    subject: { kind: 'endpoint', host: '192.0.2.7', port: 22, transport: 'tcp' },
    data: { protocol: 'ssh', transport: 'tcp', tls: false, banner: HOSTILE },
    method: 'TEST',
    source: 'net/services',
    observedAt: report.assessedAt,
    evidence: [],
    derivedFrom: [],
  } as const;
  const dossier = await dossierOf(report, { facts: [service], declaration: DECLARED });
  const sheet = (await sheetsOf((await icsIxit.render(dossier, WIDE)) as Uint8Array)).get('28-LogIntf');
  const mark = sheet?.rows[0]?.indexOf('Mark') ?? -1;
  expect(sheet?.rows.slice(1).map((row) => row[mark])).toEqual(['declared', 'observed']);
  expect(sheet?.rows[2]?.[1]).toBe('ssh at 192.0.2.7:22/tcp');
  expect(sheet?.rows[2]).toContain('net.service-0123456789ab');
  expect(sheet?.dataValidations?.[0]?.values).toEqual(['declared', 'observed', 'missing']);
});

test('no cell is a formula or begins like one, and hostile text is inert and bounded', async () => {
  const report = { ...hostileReport(), assessments: ofEdition('3.1.3').assessments };
  const sheets = await sheetsOf(await workbook(report, DECLARED));
  const texts: string[] = [];
  for (const sheet of sheets.values()) {
    for (const cell of sheet.cells?.values() ?? []) expect(cell.formula).toBeUndefined();
    for (const value of sheet.rows.flat()) if (typeof value === 'string') texts.push(value);
  }
  expect(texts.filter((one) => /^[=+\-@|\t\r]/.test(one))).toEqual([]);
  expect(texts.flatMap(hostileCharactersIn)).toEqual([]);
  expect(Math.max(...texts.map((one) => one.length))).toBeLessThan(32_767);
  const page = String(await icsIxitMarkdown.render(await dossierOf(report, { declaration: DECLARED }), WIDE));
  expect(page).not.toContain('<script');
  expect(page).not.toContain('<img');
  expect(page).not.toContain('](javascript');
  expect(hostileCharactersIn(page)).toEqual([]);
});

test('the Markdown tells of each cell whether it is declared, observed or missing', async () => {
  const page = String(
    await icsIxitMarkdown.render(await dossierOf(ofEdition('3.1.3'), { declaration: DECLARED }), WIDE),
  );
  expect(page).toContain('| Provision 5.1-1 | M F (a) | Y | =1+1<br>second line |');
  expect(page).toContain('| Provision 5.3-3 | M F (g) | N | *missing* |');
  expect(page.match(/^## /gm)).toHaveLength(30);
});

test('a report without the ETSI baseline has no form, and says so', async () => {
  const dossier = await dossierOf({ ...failingReport(), assessments: [] });
  expect(() => icsIxitMarkdown.render(dossier, WIDE)).toThrow(UsageError);
});

test('the same dossier gives the same bytes', async () => {
  const first = await workbook(failingReport(), DECLARED);
  const again = await workbook(failingReport(), DECLARED);
  expect(Buffer.compare(Buffer.from(first), Buffer.from(again))).toBe(0);
});
