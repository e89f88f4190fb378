/** Hostile words through every command that tells something: shown and never obeyed, bounded, and valid where a program reads it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Io } from '../../src/cli/io.ts';
import { createProgress } from '../../src/cli/progress.ts';
import type { EngineEvent } from '../../src/core/model/event.ts';
import * as reporters from '../../src/plugins/reporters/index.ts';
import { assay, desk, type Said } from '../support/cli.ts';
import { failingReport, HOSTILE, hostileCharactersIn, hostileReport } from '../support/report.ts';
import { tarOf } from '../support/tar.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const on = desk();
afterAll(on.clear);

/** A file name may hold anything but a slash and a NUL. */
const NAME = HOSTILE.replaceAll(/[/\0]/g, '_').slice(0, 80);
/** Longer than any path may be. */
const LONG = 'a'.repeat(1 << 20);
const BANNER = 'B'.repeat(1 << 20);

/** Nothing that a terminal obeys or a reader cannot see, on either stream, and no megabyte. */
function inert({ out, err }: Said, most = 400_000): void {
  expect(hostileCharactersIn(out)).toEqual([]);
  expect(hostileCharactersIn(err)).toEqual([]);
  expect(out.length + err.length).toBeLessThan(most);
}

let good = '';
let bad = '';
let fact = '';
beforeAll(() => {
  const report = hostileReport();
  const [seen] = report.facts;
  if (seen === undefined) throw new Error('the report has no fact');
  // One megabyte is as hostile as forty, and a slow machine reads it in time.
  const checks = report.checks.map((check, at) =>
    at === 0 ? check : { ...check, results: check.results.map((one) => ({ ...one, message: HOSTILE })) },
  );
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`${HOSTILE}${at}`, HOSTILE]));
  fact = seen.id;
  good = on.file('good.json', JSON.stringify(failingReport()));
  bad = on.file(
    'bad.json',
    JSON.stringify({
      ...report,
      checks,
      facts: [{ ...seen, data: { banner: BANNER, ...many } }, ...report.facts.slice(1)],
    }),
  );
});

describe('a hostile report', () => {
  test.each(Object.values(reporters).map(({ id }) => id))('render: %s', async (id) => {
    const said = await assay(['render', bad, '--report', id]);
    expect(said.code).toBe(0);
    // The report itself is whole, a megabyte included; CSV ends its lines as RFC 4180 wants.
    inert(
      { ...said, out: id === 'csv' ? said.out.replaceAll('\r\n', '\n') : said.out },
      id === 'json' ? 60 << 20 : 4 << 20,
    );
  });

  test('explain: what was seen', async () => {
    const said = await assay(['explain', fact, '--in', bad]);
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('and 481 more');
    inert(said, 100_000);
    const json = await assay(['explain', fact, '--in', bad, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ id: fact, kind: 'fact' });
    inert(json, 100_000);
  });

  test.each([
    ['better', () => [bad, good]],
    ['worse', () => [good, bad]],
  ])('diff: %s', async (_, files) => {
    inert(await assay(['diff', ...files()]));
    const markdown = await assay(['diff', ...files(), '--markdown']);
    inert(markdown);
    expect(markdown.out).not.toMatch(/<(?!\/?details|\/?summary)|\]\(|@everyone/);
    const json = await assay(['diff', ...files(), '--json']);
    inert(json, 20 << 20);
    expect(JSON.parse(json.out)).toHaveProperty('controls');
  });
});

describe('a hostile baseline', () => {
  let file = '';
  beforeAll(() => {
    const control = {
      id: '1.1',
      title: HOSTILE,
      text: `${HOSTILE}${'T'.repeat(50_000)}`,
      obligation: 'mandatory',
      units: [{ id: '1.1-a', title: HOSTILE, mark: 'person', work: HOSTILE }],
    };
    // JSON is YAML; the half pair could not be written as UTF-8.
    const baseline = { id: 'theirs', version: '1', title: HOSTILE, controls: [control] };
    file = on.file('theirs.yaml', JSON.stringify(baseline).replaceAll('\\ud800', ''));
  });

  test.each([
    ['list controls', () => ['list', 'controls', '--baseline', file]],
    ['list controls --json', () => ['list', 'controls', '--baseline', file, '--json']],
    ['explain', () => ['explain', '1.1', '--baseline', file]],
    ['explain --json', () => ['explain', '1.1', '--baseline', file, '--json']],
    ['lint', () => ['lint', file]],
    ['lint --json', () => ['lint', file, '--json']],
  ])('%s', async (_, argv) => {
    const said = await assay(argv());
    expect(said.err).toBe('');
    expect(said.out.length).toBeGreaterThan(20);
    inert(said, 200_000);
    if (argv().includes('--json')) expect(() => JSON.parse(said.out) as unknown).not.toThrow();
  });
});

describe('a hostile image', () => {
  let image = '';
  beforeAll(() => {
    const odd = Buffer.from([0x66, 0xff, 0xc0, 0x80, 0x9b]).toString('latin1');
    const names = [NAME, odd, `etc/${NAME}`, ...Array.from({ length: 60 }, (_, at) => `${NAME}${at}`)];
    image = on.file(
      'odd.tar',
      tarOf([
        ...names.map((name) => ({ name, content: name })),
        { name: 'link', type: '2', link: NAME },
        { name: 'etc/passwd', content: `root:x:0:0:${HOSTILE.replaceAll('\n', '')}:/:/bin/sh\n` },
        {
          name: 'etc/shadow',
          content: `${NAME.replaceAll(/[:\n]/g, '')}:$1$abc$${NAME.replaceAll(/[:\n]/g, '')}:1::::::\n`,
        },
      ]),
    );
  });

  test.each([
    ['unpack', []],
    ['unpack --tree', ['--tree']],
    ['unpack --json', ['--json']],
    ['unpack --tree --json', ['--tree', '--json']],
  ])('%s', async (_, flags) => {
    const said = await assay(['unpack', image, ...flags]);
    expect(said.out.length).toBeGreaterThan(200);
    inert(said);
    if (flags.includes('--json')) expect(JSON.parse(said.out)).toHaveProperty('containers');
  });

  test('verify-update', async () => {
    mkdirSync(on.path('updates'));
    const file = join(on.path('updates'), NAME.replaceAll('\ud800', ''));
    writeFileSync(file, tarOf([{ name: NAME, content: NAME }]));
    for (const flags of [[], ['--json']]) {
      const said = await assay(['verify-update', file, ...flags]);
      expect(said.out.length).toBeGreaterThan(20);
      inert(said);
    }
  });

  test('its dossier: init, explain and diff', async () => {
    const [old, fresh] = [on.path('d1'), on.path('d2')];
    const one = ['--baseline', 'uk-psti', '--quiet', '--crack-seconds', '0', '--name', HOSTILE];
    await assay(['scan', 'fixtures/demo/hardened.bin', '--out', old, ...one]);
    await assay(['scan', image, '--out', fresh, ...one]);
    const form = await assay(['init', '--from', fresh]);
    inert(form);
    expect(parse(form.out)).toHaveProperty('product');
    expect((await assay(['lint', on.file('init.yaml', form.out)])).code).toBe(0);
    for (const flags of [[], ['--json'], ['--markdown']]) {
      const said = await assay(['diff', old, fresh, ...flags]);
      expect(said.out).toContain('etc/passwd');
      inert(said);
    }
    writeFileSync(join(fresh, 'evidence', NAME.replaceAll('\ud800', '')), 'x');
    for (const argv of [
      ['verify', fresh, '--key', 'fixtures/demo/server.pem'],
      ['evaluate', fresh],
      ['evaluate', fresh, '--against', bad],
    ])
      inert(await assay(argv));
  });
});

test('init: a workbook with hostile answers', async () => {
  const bytes = await writeXlsx({
    sheets: [
      {
        name: 'ICS',
        rows: [
          ['Reference', 'Support', 'Detail'],
          ['5.1-1', 'Y', HOSTILE],
          ['5.1-2', HOSTILE, HOSTILE],
        ],
      },
      {
        name: '1-AuthMech',
        rows: [
          ['ID', 'Description'],
          [HOSTILE, `${HOSTILE}${BANNER.slice(0, 30_000)}`],
        ],
      },
    ],
  });
  const said = await assay(['init', '--from', on.file(`form${NAME.slice(0, 40)}.xlsx`, bytes)]);
  expect(said.code).toBe(0);
  inert(said);
  expect(parse(said.out)).toMatchObject({ ics: [{ provision: '5.1-1', support: 'Y' }] });
});

test.each([
  [['scan', HOSTILE]],
  [['render', HOSTILE]],
  [['render', 'fixtures/reports/failing.json', '--report', HOSTILE]],
  [['evaluate', HOSTILE]],
  [['diff', HOSTILE, HOSTILE]],
  [['explain', HOSTILE]],
  [['list', HOSTILE]],
  [['list', 'controls', '--baseline', HOSTILE]],
  [['lint', HOSTILE]],
  [['unpack', HOSTILE]],
  [['verify-update', HOSTILE]],
  [['verify', HOSTILE, '--key', HOSTILE]],
  [['seal', HOSTILE, '--key', HOSTILE]],
  [['init', '--from', HOSTILE]],
  [['completion', HOSTILE]],
  [[HOSTILE]],
  [['scan', `--${HOSTILE}`]],
  [['scan', LONG]],
  [['diff', LONG, LONG]],
  [['init', '--from', LONG]],
  [['verify', LONG, '--key', 'fixtures/demo/server.pem']],
  [['explain', 'ssh.host-key-0123456789ab', '--in', LONG]],
])('a mistake that quotes what was typed: %#', async (argv) => {
  const said = await assay(argv);
  expect(said.code).toBe(2);
  expect(said.err).toMatch(/\S/);
  inert(said, 20_000);
});

test.each(['bash', 'zsh', 'fish'])('completion for %s is plain text', async (shell) => {
  inert(await assay(['completion', shell]));
});

test('doctor tells a hostile folder and obeys nothing', async () => {
  vi.stubEnv('TMPDIR', `/tmp/${NAME}`);
  try {
    const said = await assay(['doctor']);
    expect(said.out).toContain('note  spool');
    inert(said);
    inert(await assay(['doctor', '--json']));
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('live progress', () => {
  let written = '';
  beforeEach(() => {
    written = '';
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });
  const subject = `${HOSTILE}${BANNER}`;
  const events: readonly EngineEvent[] = [
    { kind: 'step-started', gatherer: HOSTILE, subject },
    { kind: 'step-progress', gatherer: HOSTILE, subject, done: 1, of: 9 },
    { kind: 'step-ended', gatherer: HOSTILE, subject, facts: 1, ms: 1 },
  ];
  test.each([
    ['a live line', true, false],
    ['lines of --verbose', false, true],
  ])('%s', (_, terminal, verbose) => {
    const io = { err: (text: string) => (written += text), errIsTerminal: terminal, columns: 80 } as unknown as Io;
    const { listen, end } = createProgress(io, { quiet: false, verbose });
    for (const event of events) {
      listen(event);
      vi.advanceTimersByTime(500);
    }
    end();
    const clear = `\r${String.fromCharCode(27)}[2K`;
    expect(written).not.toBe('');
    expect(hostileCharactersIn(written.replaceAll(clear, ''))).toEqual([]);
    expect(written.length).toBeLessThan(10_000);
  });
});
