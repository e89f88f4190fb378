/** Proves that a filled workbook comes back as a declaration, word for word, and that a hostile one costs nothing. */
import { crc32, deflateRawSync } from 'node:zlib';
import { writeXlsx } from 'hucre/xlsx';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { library } from '../../src/cli/compose.ts';
import { readForm } from '../../src/cli/filled-form.ts';
import { icsIxit } from '../../src/plugins/exporters/ics-ixit/workbook.ts';
import { assay, desk } from '../support/cli.ts';
import { dossierOf } from '../support/exporting.ts';
import { failingReport, WIDE } from '../support/report.ts';

const on = desk();
afterAll(on.clear);

const tables = async () =>
  ((await library()).knowledge('ixit-tables') as { readonly tables: Parameters<typeof readForm>[1] }).tables;

const DECLARED = {
  ics: [
    { provision: '5.1-1', support: 'Y', detail: "=cmd|' /C calc'!A0\nsecond line" },
    { provision: '5.3-3', support: 'N/A', detail: "'quoted" },
  ],
  ixit: {
    '1-AuthMech': [{ ID: 'AuthMech-1', Description: '- 1.0', 'Authentication Factor': '007' }],
    '4-Conf': [{ 'Confirmation of Secure Development': true }],
  },
};

test('what was declared, written and read back is the same', async () => {
  const bytes = (await icsIxit.render(await dossierOf(failingReport(), { declaration: DECLARED }), WIDE)) as Uint8Array;
  const said = await assay(['init', '--from', on.file('form.xlsx', bytes), '--out', on.path('declaration.yaml')]);
  expect(said.code, said.err).toBe(0);
  const back = parse((await import('node:fs')).readFileSync(on.path('declaration.yaml'), 'utf8')) as typeof DECLARED;
  expect(back.ics).toEqual(DECLARED.ics);
  expect(back.ixit['1-AuthMech']).toEqual(DECLARED.ixit['1-AuthMech']);
  expect(back.ixit['4-Conf']).toEqual(DECLARED.ixit['4-Conf']);
  expect((await assay(['lint', on.path('declaration.yaml')])).code).toBe(0);
});

test('a declaration keeps its comments and what the workbook does not speak of', async () => {
  const bytes = await writeXlsx({
    sheets: [
      {
        name: 'ICS',
        rows: [['Clause'], ['Reference', 'Support', 'Detail'], ['Provision 5.1-1', 'yes', 'unique'], ['5.1-1', 'N']],
      },
      {
        name: '28-LogIntf',
        rows: [
          ['ID', 'description'],
          ['LogIntf-1', 'HTTPS'],
        ],
      },
    ],
  });
  const old = on.file(
    'old.yaml',
    '# kept\nproduct: { model: Cam } # this too\nixit:\n  28-ExtAPI: [{ ID: old }]\n  4-Conf: [{ Confirmation of Secure Development: true }]\n',
  );
  const said = await assay(['init', '--from', on.file('own.xlsx', bytes), '--declaration', old]);
  expect(said.out).toMatch(/^# kept\nproduct: \{ model: Cam \} # this too\n/);
  expect(said.err).toContain('ICS!4: 5.1-1 stands there twice');
  expect(said.out).toContain('# own.xlsx ICS!3');
  const back = parse(said.out) as { ics: unknown; ixit: { [name: string]: unknown } };
  expect(back.ics).toEqual([{ provision: '5.1-1', support: 'Y', detail: 'unique' }]);
  expect(Object.keys(back.ixit)).toEqual(['4-Conf', '28-LogIntf']);
});

test('observed rows come back only when somebody confirmed them, formulas never', async () => {
  const bytes = await writeXlsx({
    sheets: [
      {
        name: '1-AuthMech',
        rows: [
          ['ID', 'Description', 'Mark'],
          ['A-1', 'seen', 'observed'],
          ['A-2', 'confirmed', 'declared'],
          ['A-3', '', 'declared'],
        ],
        cells: new Map([['3,1', { value: 2, formula: '1+1', formulaResult: 2 }]]),
      },
    ],
  });
  const form = await readForm(on.file('marks.xlsx', bytes), await tables());
  expect(form.tables['1-AuthMech']?.map(({ answers }) => answers)).toEqual([
    { ID: 'A-2', Description: 'confirmed' },
    { ID: 'A-3' },
  ]);
  expect(form.unconfirmed).toBe(1);
  expect(form.notes.join()).toContain('holds a formula');
});

/** A zip of deflated parts, with sizes as told. */
function zip(parts: readonly { name: string; data: Uint8Array; told?: number }[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, told = data.length } of parts) {
    const packed = deflateRawSync(data);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(crc32(data), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(told, 22);
    head.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(crc32(data), 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(told, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    locals.push(head, Buffer.from(name), packed);
    directory.push(central, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, list, end]);
}

test.each([
  ['no zip', Buffer.from('hello'), /no workbook/],
  ['an empty file', Buffer.alloc(0), /no workbook/],
  ['a bomb', zip([{ name: 'xl/workbook.xml', data: Buffer.alloc(80 << 20) }]), /more than 67108864 bytes/],
  [
    'a bomb that lies',
    zip([{ name: 'a', data: Buffer.alloc(80 << 20), told: 10 }]),
    /more than 67108864 bytes|workbook|size/,
  ],
  ['a zip of something else', zip([{ name: 'a.txt', data: Buffer.from('x') }]), /cannot be read as a workbook/],
])('%s is one clear line and exit code 2', async (_, bytes, why) => {
  const said = await assay(['init', '--from', on.file('bad.xlsx', bytes)]);
  expect(said.code).toBe(2);
  expect(said.err).toMatch(why);
});

test('two cells at far corners cost no rectangle between them', async () => {
  const bytes = await writeXlsx({ sheets: [{ name: '1-AuthMech', rows: [['ID'], ['A-1']] }] });
  const { readXlsx: _, ...parts } = await import('hucre/xlsx');
  expect(parts.parseCellRef).toBeTypeOf('function');
  const { inflateRawSync } = await import('node:zlib');
  const { findEnd, zipEntries, dataOf } = await import('../../src/codecs/formats/zip.ts');
  const { memoryBlob } = await import('../../src/lib/blob.ts');
  const blob = memoryBlob(bytes);
  const directory = findEnd(blob, 0);
  if (directory === undefined) throw new Error('no directory');
  const all = [...zipEntries(blob, directory)].map((entry) => {
    const { start, end } = dataOf(blob, directory.start, entry);
    const raw = Buffer.from(blob.read(start, end - start));
    const text = (entry.method === 8 ? inflateRawSync(raw) : raw).toString('utf8');
    return {
      name: entry.name,
      data: Buffer.from(
        text.replace(
          '</sheetData>',
          '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>',
        ),
      ),
    };
  });
  const before = performance.now();
  const form = await readForm(on.file('far.xlsx', zip(all)), await tables());
  expect(performance.now() - before).toBeLessThan(3000);
  expect(form.tables['1-AuthMech']?.map(({ answers }) => answers)).toEqual([{ ID: 'A-1' }]);
});
