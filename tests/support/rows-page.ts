/** The page that tells, row by row, what is checked and what is not, and why. */

export interface Row {
  readonly row?: string;
  readonly checks?: readonly string[];
  readonly left?: string;
}
type Rows = readonly (readonly [id: string, row: Row])[];

export function rowsPage(evidence: Rows, rows: Rows): string {
  return [
    '# What is checked, row by row',
    '',
    'Generated from the baselines and `fixtures/catalogues/check-rows.yaml` by `npx vitest run tests/baselines/check-rows.test.ts -u`.',
    'A row is what a standard takes as evidence, or what another tool looks for. Beside it stand the checks that judge it, and what they leave.',
    '',
    `## Evidence that a tool can look for: ${covered(evidence)}`,
    '',
    ...table(evidence),
    '',
    `## What other tools look for: ${covered(rows)}`,
    '',
    ...table(rows),
    '',
  ].join('\n');
}

const covered = (rows: Rows): string =>
  `${rows.filter(([, { checks = [] }]) => checks.length > 0).length} of ${rows.length} rows`;

const table = (rows: Rows): readonly string[] => [
  '| row | checks | what is left, and why |',
  '|---|---|---|',
  ...rows.map(
    ([id, { row, checks = [], left = '' }]) =>
      `| ${id}${row === undefined ? '' : `: ${row}`} | ${checks
        .toSorted()
        .map((check) => `\`${check}\``)
        .join(' ')} | ${left} |`,
  ),
];
