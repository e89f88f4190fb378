/** The report as OSCAL 1.2.1 assessment results: one result for each baseline, for tools that follow controls and risks. */
import type { Exporter } from '../../../core/model/renderer.ts';
import type { Assessment, Report } from '../../../core/model/report.ts';
import { shownName } from '../../../core/model/target.ts';
import { baselineName } from '../../../core/model/telling.ts';
import { canonicalJson } from '../../../lib/canonical.ts';
import { sha256Of, uuidOf } from '../../../lib/uuid.ts';
import { controlToken, judgedOf, reviewed } from './judged.ts';
import { inventoryOf } from './subjects.ts';
import { line, listed, markup, partyUuid, property, toolUuid } from './words.ts';

const VERSION = '1.2.1';
/** Gaps told one by one; what is beyond is counted. */
const GAPS = 500;

export const oscal: Exporter = {
  id: 'oscal',
  title: 'OSCAL 1.2.1 assessment results: observations, findings and risks, a result for each baseline',
  extension: 'json',
  mediaType: 'application/oscal+json',
  render: ({ report }) => `${JSON.stringify({ 'assessment-results': resultsOf(report) })}\n`,
};

function resultsOf(report: Report): object {
  const names = report.assessments.map(baselineName);
  const digest = sha256Of(canonicalJson([report.target, report.inputs, report.assessedAt, names]));
  const plan = uuidOf('oscal', 'plan', digest);
  return {
    uuid: uuidOf('oscal', 'assessment-results', digest),
    metadata: metadataOf(report),
    'import-ap': { href: `#${plan}`, remarks: 'There was no plan apart from the baselines: see the back matter.' },
    results: report.assessments.map((assessment) => resultOf(report, assessment)),
    'back-matter': {
      resources: [
        {
          uuid: plan,
          title: 'What was planned',
          description: markup(`Judge ${report.target.name} by ${names.join(', ')}; ports ${report.scope.ports}.`),
        },
        ...report.inputs.map((input) => ({
          uuid: uuidOf('oscal', 'input', digest, input.kind, input.id, input.sha256),
          title: markup(`${input.kind} ${input.id}`),
          props: [property('kind', input.kind)],
          rlinks: [
            {
              href: encodeURI(line(input.id)),
              hashes: [{ algorithm: 'SHA-256', value: input.sha256 }],
            },
          ],
        })),
      ],
    },
  };
}

function metadataOf(report: Report): object {
  const { tester } = report.scope;
  const units = report.assessments.flatMap(({ controls }) => controls.flatMap((control) => control.units));
  const attesting = units.flatMap(({ attestation }) => attestation?.by ?? []);
  const people = [...new Set([...(tester === undefined ? [] : [tester]), ...attesting])];
  return {
    title: markup(`Assessment of ${report.target.name}`),
    'last-modified': report.assessedAt,
    version: line(report.assessedAt),
    'oscal-version': VERSION,
    props: [property('outcome', report.outcome)],
    ...(tester === undefined ? {} : { roles: [{ id: 'assessor', title: 'Who looked' }] }),
    ...listed(
      'parties',
      people.map((name) => ({ uuid: partyUuid(name), type: 'person', name: line(name) })),
    ),
    ...(tester === undefined
      ? {}
      : { 'responsible-parties': [{ 'role-id': 'assessor', 'party-uuids': [partyUuid(tester)] }] }),
  };
}

function resultOf(report: Report, assessment: Assessment): object {
  const name = baselineName(assessment);
  const inventory = inventoryOf(report, name);
  const judged = judgedOf(report, assessment, inventory);
  return {
    uuid: uuidOf('oscal', 'result', report.target.name, report.assessedAt, name),
    title: markup(`${assessment.baseline.title} (${name})`),
    description: markup(`${report.target.name} by ${name}: ${assessment.outcome}`),
    ...periodOf(report),
    props: [
      property('baseline', name),
      property('outcome', assessment.outcome),
      ...Object.entries(assessment.mandatory).map(([outcome, count]) => property(`mandatory-${outcome}`, `${count}`)),
    ],
    'local-definitions': {
      components: [inventory.product],
      ...listed('inventory-items', inventory.items),
      'assessment-assets': assetsOf(report),
    },
    'reviewed-controls': reviewedOf(assessment),
    ...logOf(report, name),
    ...listed('observations', judged.observations),
    ...listed('risks', judged.risks),
    ...listed('findings', judged.findings),
  };
}

/** From the first to the last fact that anything rests on, and the judgement: a scan is judged as of the moment when it began. */
function periodOf(report: Report): { readonly start: string; readonly end: string } {
  let [start, end] = [report.assessedAt, report.assessedAt];
  for (const { observedAt } of report.facts) {
    if (observedAt < start) start = observedAt;
    if (observedAt > end) end = observedAt;
  }
  return { start, end };
}

function assetsOf({ tool, scope }: Report): object {
  return {
    components: [
      {
        uuid: toolUuid(tool),
        type: 'software',
        title: markup(tool.name),
        description: markup(`${tool.name} ${tool.version}`),
        props: [property('version', tool.version)],
        status: { state: 'operational' },
      },
    ],
    'assessment-platforms': [
      {
        uuid: uuidOf('oscal', 'platform', scope.vantage, toolUuid(tool)),
        title: markup(`Where ${tool.name} ran`),
        props: [
          property('vantage', scope.vantage),
          property('ports', scope.ports),
          property('pace', scope.pace),
          ...scope.permissions.map((one) => property('permission', one)),
        ],
        'uses-components': [{ 'component-uuid': toolUuid(tool) }],
      },
    ],
  };
}

/** A control that does not apply is no finding, neither good nor bad: it is left out of the selection, and told. */
function reviewedOf(assessment: Assessment): object {
  const apply = reviewed(assessment);
  const left = assessment.controls.filter(({ outcome }) => outcome === 'not-applicable');
  const drafts = assessment.controls.filter(({ draft }) => draft === true);
  const select = (list: typeof apply): readonly object[] =>
    list.map((control) => ({ 'control-id': controlToken(assessment, control) }));
  const why = [
    ...left.map(({ id, applicability }) => `${id} does not apply: ${applicability ?? 'see the report'}`),
    ...drafts.map(({ id }) => `${id} is a draft and does not count`),
  ];
  const selected = apply.length === 0 ? { 'include-all': {} } : { 'include-controls': select(apply) };
  return {
    'control-selections': [{ ...selected, ...listed('exclude-controls', select([...left, ...drafts])) }],
    ...(why.length === 0 ? {} : { remarks: markup(why.join('; '), 8000) }),
  };
}

/** What was planned and could not be seen. */
function logOf(report: Report, name: string): object {
  const { gaps } = report.coverage;
  if (gaps.length === 0) return {};
  const entries = gaps.slice(0, GAPS).map((gap, at) => ({
    uuid: uuidOf('oscal', 'gap', report.target.name, report.assessedAt, name, String(at)),
    title: markup(`Not seen: ${shownName(gap.scope)}`),
    description: markup(gap.unseen.message),
    start: report.assessedAt,
    props: [
      property('source', gap.source),
      property('kind', gap.unseen.kind),
      ...gap.facts.slice(0, 50).map((fact) => property('fact-type', fact)),
    ],
  }));
  const cut = gaps.length - entries.length;
  if (cut > 0)
    entries.push({
      uuid: uuidOf('oscal', 'gap', report.target.name, report.assessedAt, name, 'more'),
      title: 'Not seen: more',
      description: `${cut} more gaps in the report`,
      start: report.assessedAt,
      props: [property('count', String(cut))],
    });
  return { 'assessment-log': { entries } };
}
