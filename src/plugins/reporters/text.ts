/** The report for a terminal: verdict first, then what fails and how to mend it, then what could not be seen and what would settle it. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { Reporter } from '../../core/model/renderer.ts';
import type { CheckReport, ControlReport, Report } from '../../core/model/report.ts';
import { shownName } from '../../core/model/target.ts';
import { flagWords } from '../../core/model/telling.ts';
import type { Outcome, Severity } from '../../core/model/verdict.ts';
import { SEVERITIES } from '../../core/model/verdict.ts';
import { bytes, plural, safeText, wrap } from '../../lib/text.ts';

const LABEL = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'OPEN',
  'not-applicable': 'N/A',
  waived: 'WAIVED',
  error: 'ERROR',
} satisfies Record<Outcome, string>;

/** Different messages shown for one check before the rest is counted. */
const SUBJECTS = 5;
/** Subjects named together, of which the same is said. */
const ALIKE = 8;
/** Gaps shown before the rest is counted. */
const GAPS = 8;

interface Page {
  readonly report: Report;
  readonly ink: ChalkInstance;
  readonly width: number;
  readonly lines: string[];
}

export const text: Reporter = {
  id: 'text',
  title: 'For a terminal: verdict, failures with remedies, what would settle the rest',
  extension: 'txt',
  mediaType: 'text/plain',
  render(report, options) {
    const page: Page = {
      report,
      ink: new Chalk({ level: options.colour ? 1 : 0 }),
      width: Math.max(40, options.width),
      lines: [],
    };
    writeHead(page);
    writeFailures(page);
    writeErrors(page);
    writeGaps(page);
    writePeople(page);
    writeWaivers(page);
    writeCoverage(page);
    writeNext(page);
    return `${page.lines.join('\n')}\n`;
  },
};

function paint(page: Page, outcome: Outcome): string {
  const label = LABEL[outcome].padEnd(6);
  const inks = {
    pass: page.ink.green,
    fail: page.ink.red.bold,
    inconclusive: page.ink.yellow,
    'not-applicable': page.ink.dim,
    waived: page.ink.magenta,
    error: page.ink.red,
  } satisfies Record<Outcome, ChalkInstance>;
  return inks[outcome](label);
}

/** Adds wrapped lines; `lead` stands before the first (its visible width is `hang`). */
function put(
  page: Page,
  lead: string,
  hang: number,
  body: string,
  ink: (line: string) => string = (line) => line,
): void {
  const [first = '', ...rest] = wrap(safeText(body, 2000), page.width - hang);
  page.lines.push(lead + ink(first), ...rest.map((line) => ' '.repeat(hang) + ink(line)));
}

function heading(page: Page, title: string): void {
  page.lines.push('', page.ink.bold(title), page.ink.dim('─'.repeat(Math.min(page.width, 80))));
}

function writeHead(page: Page): void {
  const { report, ink } = page;
  put(page, '', 0, `assay ${report.tool.version} · ${report.target.name} · ${report.assessedAt.slice(0, 10)}`, ink.dim);
  for (const { baseline, outcome, mandatory, counts } of report.assessments) {
    const level = baseline.level === undefined ? '' : ` (${baseline.level})`;
    page.lines.push('');
    put(page, `${paint(page, outcome)} `, 7, `${baseline.id} ${baseline.version}${level}`, ink.bold);
    const recommended = { fail: counts.fail - mandatory.fail, pass: counts.pass - mandatory.pass };
    const decides = Object.values(mandatory).some((count) => count > 0);
    put(
      page,
      '       ',
      7,
      decides ? `mandatory: ${tally(mandatory)}` : 'nothing in it is mandatory: it decides nothing',
    );
    if (!decides || counts.fail + counts.pass > mandatory.fail + mandatory.pass)
      put(page, '       ', 7, `recommended: ${recommended.fail} fail, ${recommended.pass} pass`, ink.dim);
  }
}

function tally(counts: { readonly [O in Outcome]: number }): string {
  const words = {
    fail: 'fail',
    error: 'error',
    pass: 'pass',
    waived: 'waived',
    inconclusive: 'open',
    'not-applicable': 'not applicable',
  } satisfies Record<Outcome, string>;
  const parts = (Object.keys(words) as readonly Outcome[]).filter(
    (one) => counts[one] > 0 || one === 'fail' || one === 'pass',
  );
  return parts.map((outcome) => `${counts[outcome]} ${words[outcome]}`).join(', ');
}

/** `xiaomi-consumer-iot 3.1.2, etsi-en-303-645 5.1-1` for the controls that a check makes fail. */
function citations(report: Report, check: CheckReport): string {
  return report.assessments
    .map(({ baseline, controls }) => ({
      id: baseline.id,
      ids: controls.filter((one) => failsBy(one, check.key)).map((one) => one.id),
    }))
    .filter(({ ids }) => ids.length > 0)
    .map(({ id, ids }) => `${id} ${ids.join(' ')}`)
    .join(', ');
}

const failsBy = (control: ControlReport, key: string): boolean =>
  control.units.some((unit) => unit.outcome === 'fail' && unit.checks.includes(key));

function writeFailures(page: Page): void {
  const { report, ink } = page;
  const failing = report.checks.filter((check) => check.outcome === 'fail' && citations(report, check) !== '');
  const attested = attestedFailures(report);
  heading(page, failuresTitle(failing, attested.length));
  const order = (severity: Severity): number => SEVERITIES.indexOf(severity);
  for (const check of failing.toSorted((a, b) => order(a.severity) - order(b.severity) || (a.key < b.key ? -1 : 1))) {
    const badge = check.severity.toUpperCase().padEnd(9);
    page.lines.push('');
    put(page, `${severityInk(ink, check.severity)(badge)}`, 9, `${check.id} · ${citations(report, check)}`);
    put(page, '   want  ', 9, check.title, ink.bold);
    writeResults(page, check);
    put(page, `   ${ink.cyan('mend')}  `, 9, check.remediation);
  }
  for (const line of attested) put(page, `${ink.red('ATTESTED')} `, 9, line);
}

/** `What fails (5): 2 critical, 3 high`. */
function failuresTitle(failing: readonly CheckReport[], attested: number): string {
  if (failing.length + attested === 0) return 'Nothing that was looked at fails';
  const counts = [
    ...SEVERITIES.map((one) => [failing.filter(({ severity }) => severity === one).length, one] as const),
    [attested, 'attested'] as const,
  ];
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return `What fails (${failing.length + attested}): ${words.join(', ')}`;
}

const severityInk = (ink: ChalkInstance, severity: Severity): ChalkInstance =>
  ({ critical: ink.bgRed.white, high: ink.red, medium: ink.yellow, low: ink.blue, info: ink.dim })[severity];

function attestedFailures(report: Report): readonly string[] {
  return report.assessments.flatMap(({ baseline, controls }) =>
    controls.flatMap((control) =>
      control.units
        .filter((unit) => unit.attestation?.verdict === 'fail')
        .map((unit) => `${baseline.id} ${control.id} ${unit.id}: attested as failed by ${unit.attestation?.by ?? ''}`),
    ),
  );
}

/** Subjects of which the same is said are told together. */
function writeResults(page: Page, check: CheckReport): void {
  const groups = new Map<string, string[]>();
  for (const { outcome, subject, message } of check.results) {
    if (outcome !== 'fail') continue;
    const key = subject.kind === 'target' ? '' : shownName(subject);
    const group = groups.get(message);
    if (group === undefined) groups.set(message, [key]);
    else group.push(key);
  }
  const shown = [...groups].slice(0, SUBJECTS);
  for (const [message, names] of shown) put(page, `   ${page.ink.red('✗')}     `, 9, together(names, message));
  const rest = groups.size - shown.length;
  if (rest > 0) put(page, '         ', 9, `and ${rest} more`, page.ink.dim);
  const { holds } = check.seen;
  if (holds > 0) put(page, '         ', 9, `${plural(holds, 'other')} as wanted`, page.ink.dim);
}

/** `fw.bin!squashfs/bin/a, /bin/b and 3 more: what is so`: the container is named once. */
function together(names: readonly string[], message: string): string {
  const [first = '', ...others] = names;
  if (first === '') return message;
  const container = /^.*![^/]*(?=\/)/.exec(first)?.[0];
  const short = (name: string): string =>
    container !== undefined && name.startsWith(`${container}/`) ? name.slice(container.length) : name;
  const shown = others.slice(0, ALIKE - 1).map(short);
  const rest = others.length - shown.length;
  return `${[first, ...shown].join(', ')}${rest > 0 ? ` and ${rest} more` : ''}: ${message}`;
}

function writeErrors(page: Page): void {
  const bugs = page.report.coverage.gaps.filter((gap) => gap.unseen.kind === 'bug');
  if (bugs.length === 0) return;
  heading(page, `Errors of assay itself (${bugs.length}): please report them`);
  for (const gap of bugs.slice(0, GAPS))
    put(page, `   ${page.ink.red('!')} `, 5, `${gap.source} on ${shownName(gap.scope)}: ${gap.unseen.message}`);
}

function writeGaps(page: Page): void {
  const gaps = page.report.coverage.gaps.filter((gap) => gap.unseen.kind !== 'not-given' && gap.unseen.kind !== 'bug');
  if (gaps.length === 0) return;
  heading(page, `What was tried and could not be seen (${gaps.length})`);
  for (const gap of gaps.slice(0, GAPS)) {
    put(page, `   ${page.ink.yellow('?')} `, 5, `${shownName(gap.scope)}: ${gap.unseen.message} (${gap.source})`);
  }
  if (gaps.length > GAPS)
    put(page, '     ', 5, `and ${gaps.length - GAPS} more; --report json lists them all`, page.ink.dim);
}

/** Open controls by the reason that a person or a refutation-only check leaves. */
function writePeople(page: Page): void {
  const rows = page.report.assessments.map(({ baseline, controls }) => {
    const open = controls.filter((control) => control.outcome === 'inconclusive' && control.obligation === 'mandatory');
    const people = open.filter(({ reasons }) => reasons.includes('unattested'));
    const unrefuted = open.filter(({ reasons }) => reasons.includes('unrefuted') && !reasons.includes('unattested'));
    return { id: baseline.id, people: people.length, unrefuted: unrefuted.length };
  });
  const told = rows.filter(({ people, unrefuted }) => people + unrefuted > 0);
  if (told.length === 0) return;
  heading(page, 'What a person must look at');
  writeRows(
    page,
    told.map(({ id, people, unrefuted }) => [
      id,
      [
        ...(people > 0 ? [`${plural(people, 'control')} with work for a person`] : []),
        ...(unrefuted > 0 ? [`${plural(unrefuted, 'control')} where nothing was found against it`] : []),
      ].join(', '),
    ]),
  );
  const proof = told.some(({ unrefuted }) => unrefuted > 0)
    ? 'Nothing found against it proves nothing by itself. '
    : '';
  put(page, '   ', 3, `${proof}A person's word goes into the declaration.`, page.ink.dim);
}

function writeWaivers(page: Page): void {
  const told = page.report.waivers.filter((one) => one.state !== 'used' || one.note !== undefined);
  if (told.length === 0) return;
  heading(page, 'Waivers to look after');
  for (const { waiver, state, note } of told) {
    put(
      page,
      `   ${page.ink.magenta('~')} `,
      5,
      `${waiver.control}: ${state}${note === undefined ? '' : `; ${note}`} (until ${waiver.expires}, ${waiver.approvedBy})`,
    );
  }
}

function writeCoverage(page: Page): void {
  const { images, gatherers } = page.report.coverage;
  heading(page, 'What was looked at');
  for (const image of images) {
    const share = (count: number): string =>
      image.bytes === 0 ? '0 %' : `${((100 * count) / image.bytes).toFixed(1)} %`;
    const parts = [`${share(image.understood)} understood`, `${share(image.padding)} padding`];
    if (image.acknowledged > 0) parts.push(`${share(image.acknowledged)} acknowledged`);
    if (image.encrypted > 0) parts.push(`${share(image.encrypted)} encrypted`);
    parts.push(`${share(image.unknown)} unknown`);
    put(page, '   ', 3, `${image.path}: ${bytes(image.bytes)}, ${parts.join(', ')}`);
  }
  if (page.report.target.devices.length > 0)
    put(
      page,
      '   ',
      3,
      `${page.report.target.devices.join(', ')}: ports ${page.report.scope.ports}, state ${page.report.target.state}`,
    );
  const ran = gatherers.filter((one) => one.status === 'done' || one.status === 'partial');
  put(
    page,
    '   ',
    3,
    `${plural(ran.length, 'gatherer')} ran, ${plural(
      ran.reduce((sum, one) => sum + one.facts, 0),
      'fact',
    )}`,
    page.ink.dim,
  );
}

/** Flags told one by one. */
const FLAGS = 10;

/** What would settle more, and where to read on: what to type next stands last. */
function writeNext(page: Page): void {
  const { settle } = page.report;
  heading(page, 'What next');
  const undeclared = settle.some(({ flag }) => flag === '--declaration');
  writeRows(page, [
    ...settle
      .slice(0, FLAGS)
      .map(({ flag, controls }): readonly [string, string] => [
        flagWords(flag),
        `helps with ${plural(controls, 'open control')}`,
      ]),
    ...(undeclared ? [['assay init', 'writes a declaration to fill in'] as const] : []),
    ['assay explain ID', 'what a check or control asks, how it is told, what is left to a person'],
    ['--report html=FILE', 'all of this with its evidence, to read, filter and print'],
  ]);
}

/** Two columns: what to type or what it is about, and what is said of it. */
function writeRows(page: Page, rows: readonly (readonly [string, string])[]): void {
  const widest = Math.min(32, Math.max(...rows.map(([name]) => name.length)));
  for (const [name, words] of rows)
    put(page, `   ${page.ink.cyan(safeText(name).padEnd(widest))}  `, Math.max(widest, name.length) + 5, words);
}
