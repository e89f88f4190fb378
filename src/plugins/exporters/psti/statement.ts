/** A draft of the statement of compliance that the UK's PSTI regime wants with each product: what nobody gave is marked, nothing is filled in by guess. */
import type { Dossier, Exporter } from '../../../core/model/renderer.ts';
import type { Assessment, ControlReport, Report } from '../../../core/model/report.ts';
import { reasonWords } from '../../../core/model/telling.ts';
import { UsageError } from '../../../lib/fault.ts';
import { inertPage, safeText } from '../../../lib/text.ts';

export const psti: Exporter = {
  id: 'psti',
  title: 'UK PSTI statement of compliance, a draft in Markdown: what is missing is marked',
  extension: 'md',
  mediaType: 'text/markdown',
  render: (dossier) => `${statementOf(dossier).join('\n')}\n`,
};

const BASELINE = 'uk-psti';
const MISSING = '**MISSING**';

const text = (value: string, limit = 1500): string => inertPage(safeText(value, limit));
const given = (value: unknown): string => (typeof value === 'string' && value.trim() !== '' ? text(value) : MISSING);
const record = (value: unknown): { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: unknown })
    : {};

/** The regulations define the period as a length with an end (SI 2023/1007, regulation 2): a date alone is half of it. */
const endOf = (until: unknown): string =>
  given(until) === MISSING ? MISSING : `until ${given(until)}; the length: ${MISSING}`;

function statementOf({ report, declaration }: Dossier): readonly string[] {
  const assessment = report.assessments.find(({ baseline }) => baseline.id === BASELINE);
  if (assessment === undefined)
    throw new UsageError(
      `the statement of compliance belongs to ${BASELINE}, which was not judged`,
      `--baseline ${BASELINE}`,
    );
  const product = report.target.product ?? {};
  const support = record(declaration?.['support']);
  const declared = assessment.controls.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'not-applicable');
  return [
    '# Statement of compliance (DRAFT, not signed)',
    '',
    'Product Security and Telecommunications Infrastructure Act 2022, and the Security Requirements for Relevant Connectable Products Regulations 2023 (SI 2023/1007), Schedule 4. The list of fields is ours: compare it with the Schedule before you sign. assay fills in what the declaration says; what is missing is for the manufacturer, and so is the responsibility.',
    '',
    '| Information | Value |',
    '| --- | --- |',
    ...[
      ['Product: type', given(product.model)],
      ['Product: batch', MISSING],
      ['Manufacturer: name', given(product.maker)],
      ['Manufacturer: address', MISSING],
      ['Authorised representative: name and address, where there is one', MISSING],
      ['Prepared by or on behalf of the manufacturer', MISSING],
      [
        'Defined support period (a length of time and its end date), as it was when the product was first supplied',
        endOf(support['until']),
      ],
      ['Signatory: name', MISSING],
      ['Signatory: function', MISSING],
      ['Signature', MISSING],
      ['Place of issue', MISSING],
      ['Date of issue', MISSING],
    ].map(([name, value]) => `| ${name} | ${value} |`),
    '',
    '## Declaration of compliance',
    '',
    declarationOf(declared),
    '',
    '| Requirement | Title | Seen by assay | Deemed to be met by | Left to do |',
    '| --- | --- | --- | --- | --- |',
    ...assessment.controls.map(requirementLine),
    '',
    ...basisOf(report, assessment),
  ];
}

/** The manufacturer's opinion is the manufacturer's: a tool words no declaration, least of all above an open requirement. */
function declarationOf(open: readonly ControlReport[]): string {
  const failing = open.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id);
  if (failing.length > 0) return `${MISSING}: these fail: ${failing.map((id) => text(id)).join(', ')}.`;
  if (open.length > 0) return `${MISSING}: ${open.map(({ id }) => text(id)).join(', ')} must be settled first.`;
  return `${MISSING}: the manufacturer’s own words, that in its opinion the applicable requirements of Schedule 1, or the conditions of Schedule 2 for deemed compliance, are met. Nothing that assay saw speaks against it.`;
}

function requirementLine(control: ControlReport): string {
  const reasons = control.reasons.length === 0 ? '' : ` (${reasonWords(control.reasons)})`;
  const waiver =
    control.waiver === undefined ? '' : `; waived by ${text(control.waiver.approvedBy)}, which the law does not know`;
  const work = control.units
    .filter(({ outcome }) => outcome === 'inconclusive' || outcome === 'error')
    .map((unit) => text(unit.work ?? `${unit.id}: ${reasonWords(unit.reasons)}`));
  const cells = [
    text(control.id),
    text(control.title),
    `${control.outcome}${reasons}${waiver}`,
    (control.deemedBy ?? []).map((one) => text(one)).join('<br>'),
    work.join('<br>'),
  ];
  return `| ${cells.join(' | ')} |`;
}

const basisOf = ({ target, assessedAt }: Report, { baseline }: Assessment): readonly string[] => [
  `Basis: ${text(target.name)}${target.product?.software === undefined ? '' : `, software ${text(target.product.software)}`}, judged by ${baseline.id} ${text(baseline.version)} as of ${text(assessedAt)}.`,
];
