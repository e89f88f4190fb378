/** One hostile report in every form there is: nothing of it is obeyed, hidden or computed, nothing swells, and each form stays valid. */
import { load } from 'cheerio';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { readXlsx } from 'hucre/xlsx';
import { expect, test } from 'vitest';
import { factTypes } from '../../src/cli/compose.ts';
import { loadShapes } from '../../src/core/evidence/shape.ts';
import type { Report } from '../../src/core/model/report.ts';
import * as exporters from '../../src/plugins/exporters/index.ts';
import * as reporters from '../../src/plugins/reporters/index.ts';
import { dossierOf } from '../support/exporting.ts';
import { failingReport, HOSTILE, hostileCharactersIn, hostileReport, officialSchema, WIDE } from '../support/report.ts';

const DECLARATION = {
  product: { maker: HOSTILE, model: HOSTILE },
  support: { until: HOSTILE },
  ics: [{ provision: '5.1-1', support: 'Y', detail: HOSTILE }],
  ixit: { '1-AuthMech': [{ ID: HOSTILE, Description: `${HOSTILE}${'B'.repeat(1 << 20)}` }] },
};

const FORMS: ReadonlyMap<string, (report: Report) => Promise<string | Uint8Array>> = new Map([
  ...Object.values(reporters).map((one) => [one.id, async (report: Report) => one.render(report, WIDE)] as const),
  ...Object.values(exporters).map(
    (one) =>
      [
        one.id,
        async (report: Report) => one.render(await dossierOf(report, { declaration: DECLARATION }), WIDE),
      ] as const,
  ),
]);

const made = new Map<string, string | Uint8Array>();
async function form(id: string): Promise<string | Uint8Array> {
  const known = made.get(id) ?? (await FORMS.get(id)?.(hostileReport()));
  if (known === undefined) throw new Error(`there is no form ${id}`);
  made.set(id, known);
  return known;
}
const textOf = async (id: string): Promise<string> => String(await form(id));

/** Every text in a JSON value, names of members as well. */
function textsIn(json: string): readonly string[] {
  const found: string[] = [];
  JSON.parse(json, (name, value: unknown) => {
    found.push(name);
    if (typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

/** What markup a page of Markdown may hold: a foreign text brings none. */
function inertMarkdownPage(text: string): void {
  expect(text).not.toMatch(/<(?!br>|\/?details>|\/?summary>|\/?sub>)/);
  expect(text).not.toMatch(/\]\(|@everyone|\{\{|<!--/);
  expect(text).not.toMatch(/^(?:::|=cmd)/m);
}

const VALID: { readonly [id: string]: (bytes: string | Uint8Array) => Promise<void> | void } = {
  text: () => {},
  csv: (text) => {
    for (const cell of String(text).matchAll(/(?:^|,)"?([=+@-])/gm)) expect(cell[1]).toBeUndefined();
  },
  json: async (text) => {
    expect((await loadShapes(await factTypes())).report(JSON.parse(String(text)))).toBeUndefined();
    // The whole report is there as it was: escaping changed how it is written and not what it says.
    expect((JSON.parse(String(text)) as Report).target.name).toBe(HOSTILE);
  },
  sarif: (text) => {
    const valid = officialSchema('sarif-2.1.0');
    valid(JSON.parse(String(text)));
    expect(valid.errors ?? []).toEqual([]);
  },
  oscal: (text) => {
    const valid = officialSchema('oscal-assessment-results-1.2.1');
    valid(JSON.parse(String(text)));
    expect(valid.errors ?? []).toEqual([]);
  },
  gitlab: (text) => {
    expect(JSON.parse(String(text))).toBeInstanceOf(Array);
  },
  github: (text) => {
    for (const line of String(text).trimEnd().split('\n'))
      expect(line).toMatch(/^::(error|warning|notice) title=[^:]*::/);
  },
  junit: (text) => {
    expect(XMLValidator.validate(String(text))).toBe(true);
    expect(new XMLParser().parse(String(text))).toHaveProperty('testsuites');
  },
  html: (text) => {
    const page = load(String(text));
    expect(page('script')).toHaveLength(1);
    expect(page('img, iframe, object, embed, link, base, form')).toHaveLength(0);
    const attributes = page('*')
      .toArray()
      .flatMap((one) => Object.entries('attribs' in one ? one.attribs : {}));
    expect(attributes.filter(([name]) => name.startsWith('on'))).toEqual([]);
    expect(attributes.filter(([name, value]) => name === 'href' && !value.startsWith('#'))).toEqual([]);
  },
  markdown: (text) => inertMarkdownPage(String(text)),
  psti: (text) => inertMarkdownPage(String(text)),
  'ts-103-701': (text) => inertMarkdownPage(String(text)),
  'ics-ixit-markdown': (text) => inertMarkdownPage(String(text)),
  'ics-ixit': async (bytes) => {
    const { sheets } = await readXlsx(bytes as Uint8Array, { readStyles: true });
    for (const sheet of sheets) {
      for (const cell of sheet.cells?.values() ?? []) expect(cell.formula).toBeUndefined();
      const texts = sheet.rows.flat().filter((value) => typeof value === 'string');
      expect(texts.filter((one) => /^[=+\-@|\t\r]/.test(one))).toEqual([]);
      expect(texts.flatMap(hostileCharactersIn)).toEqual([]);
      for (const one of texts) expect(one.length).toBeLessThan(32_767);
    }
  },
};

test('every form is asked', () => {
  expect(new Set(Object.keys(VALID))).toEqual(new Set(FORMS.keys()));
});

test.each(Object.keys(VALID))(
  '%s is valid and obeys nothing',
  async (id) => {
    await VALID[id]?.(await form(id));
  },
  120_000,
);

test.each([...FORMS.keys()].filter((id) => id !== 'ics-ixit'))(
  '%s holds no character that is obeyed or hides',
  async (id) => {
    const text = await textOf(id);
    expect(hostileCharactersIn(text.replaceAll('\r\n', '\n'))).toEqual([]);
    // JSON may say with an escape what it does not write; only the report itself does.
    if (['sarif', 'gitlab', 'oscal'].includes(id)) expect(textsIn(text).flatMap(hostileCharactersIn)).toEqual([]);
  },
  120_000,
);

test.each([...FORMS.keys()])(
  '%s does not swell',
  async (id) => {
    const plain = (await FORMS.get(id)?.(failingReport()))?.length ?? 0;
    // A banner of a megabyte is cut everywhere but in the report itself, which keeps what was seen.
    const most = id === 'json' ? 90 << 20 : plain * 40 + 500_000;
    expect((await form(id)).length).toBeLessThan(most);
  },
  120_000,
);
