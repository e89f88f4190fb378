/** One baseline's conclusions in OSCAL: observations of what was seen, a finding for each control, a risk for each failing check. */

import type { Fact, Method } from '../../../core/model/fact.ts';
import type { Assessment, CheckReport, ControlReport, Report, Result, UnitReport } from '../../../core/model/report.ts';
import { nameOf, type Subject } from '../../../core/model/target.ts';
import { baselineName, factsById, resultLine } from '../../../core/model/telling.ts';
import type { Outcome } from '../../../core/model/verdict.ts';
import { uuidOf } from '../../../lib/uuid.ts';
import type { Inventory } from './subjects.ts';
import { listed, markup, NAMESPACE, originOf, partyUuid, property, token } from './words.ts';

/** References from one finding or risk, and pieces of evidence of one observation; what is beyond is counted in the remarks. */
const REFERENCES = 500;
const EVIDENCE = 20;

export interface Judged {
  readonly observations: readonly object[];
  readonly findings: readonly object[];
  readonly risks: readonly object[];
}

interface Desk {
  readonly report: Report;
  readonly name: string;
  readonly inventory: Inventory;
  readonly facts: ReadonlyMap<string, Fact>;
  readonly uuid: (...parts: readonly string[]) => string;
  readonly named: Map<Result, string>;
  readonly origin: object;
}

/** Neither a pass nor a failure can be made of anything else: only a pass is `satisfied`. */
const STATUS = {
  pass: { state: 'satisfied', reason: 'pass' },
  fail: { state: 'not-satisfied', reason: 'fail' },
  inconclusive: { state: 'not-satisfied', reason: 'other' },
  'not-applicable': { state: 'not-satisfied', reason: 'other' },
  waived: { state: 'not-satisfied', reason: 'other' },
  error: { state: 'not-satisfied', reason: 'other' },
} as const satisfies Record<Outcome, object>;

/** OSCAL names controls by tokens: `5.1-1` of ETSI is `etsi-en-303-645_5.1-1`. */
export const controlToken = ({ baseline }: Assessment, control: { readonly id: string }): string =>
  token(`${baseline.id}_${control.id}`);

/** Controls that count and apply. */
export const reviewed = (assessment: Assessment): readonly ControlReport[] =>
  assessment.controls.filter((one) => one.draft !== true && one.outcome !== 'not-applicable');

export function judgedOf(report: Report, assessment: Assessment, inventory: Inventory): Judged {
  const name = baselineName(assessment);
  const uuid = (...parts: readonly string[]): string =>
    uuidOf('oscal', report.target.name, report.assessedAt, name, ...parts);
  const desk: Desk = {
    report,
    name,
    inventory,
    facts: factsById(report),
    uuid,
    named: new Map(),
    origin: originOf(report.tool),
  };
  const controls = reviewed(assessment);
  const citing = citingOf(controls);
  const checks = report.checks.filter((check) => citing.has(check.key) && !check.vacuous);
  const seen = new Map(checks.map((check) => [check.key, check.results.filter((one) => isSeen(one))]));
  const bad = checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'waived');
  return {
    observations: [
      ...checks.flatMap((check) => (seen.get(check.key) ?? []).map((result) => observationOf(desk, check, result))),
      ...controls.flatMap((control) => control.units.flatMap((unit) => attestationOf(desk, control, unit))),
    ],
    findings: controls.map((control) => findingOf(desk, assessment, control, seen, bad)),
    risks: bad.map((check) => riskOf(desk, check, citing.get(check.key) ?? [], seen.get(check.key) ?? [])),
  };
}

/** The controls that cite each check. */
function citingOf(controls: readonly ControlReport[]): ReadonlyMap<string, readonly ControlReport[]> {
  const citing = new Map<string, ControlReport[]>();
  for (const control of controls) {
    for (const key of new Set(control.units.flatMap((unit) => unit.checks))) {
      const list = citing.get(key) ?? [];
      citing.set(key, list);
      list.push(control);
    }
  }
  return citing;
}

/** An observation is what was seen: what was not is told by the finding's remarks and the log. */
const isSeen = (result: Result): boolean => result.facts.length > 0 || result.outcome === 'pass';

/** Named once: findings and risks refer to an observation many times over. */
function observationUuid(desk: Desk, check: CheckReport, result: Result): string {
  const known = desk.named.get(result) ?? desk.uuid('observation', check.key, nameOf(result.subject));
  desk.named.set(result, known);
  return known;
}

const BY_SUBJECT: { readonly [K in Subject['kind']]: Method | 'UNKNOWN' } = {
  target: 'UNKNOWN',
  host: 'TEST',
  endpoint: 'TEST',
  ports: 'TEST',
  image: 'EXAMINE',
  region: 'EXAMINE',
  file: 'EXAMINE',
  update: 'EXAMINE',
};

function observationOf(desk: Desk, check: CheckReport, result: Result): object {
  const facts = result.facts.flatMap((id) => desk.facts.get(id) ?? []);
  const methods = [...new Set(facts.map(({ method }) => method))].sort();
  const evidence = facts.flatMap((fact) => fact.evidence.map((one) => ({ fact, one })));
  const collected = facts.map(({ observedAt }) => observedAt).sort();
  return {
    uuid: observationUuid(desk, check, result),
    title: markup(check.title),
    description: markup(resultLine(result)),
    props: [
      property('check', check.key),
      property('outcome', result.outcome),
      ...result.facts.slice(0, EVIDENCE).map((id) => property('fact', id)),
    ],
    methods: methods.length > 0 ? methods : [BY_SUBJECT[result.subject.kind]],
    types: [result.outcome === 'fail' ? 'finding' : 'control-objective'],
    origins: [desk.origin],
    subjects: [desk.inventory.refer(result.subject)],
    ...listed(
      'relevant-evidence',
      evidence.slice(0, EVIDENCE).map(({ fact, one }) => ({
        // A small piece lies in its fact whole.
        href: one.excerpt !== undefined && one.size <= 256 ? `facts.jsonl#${fact.id}` : `evidence/${one.sha256}`,
        description: markup([fact.type, fact.where ?? one.locator].filter(Boolean).join(', ')),
        props: [
          property('sha256', one.sha256),
          property('media-type', one.mediaType),
          ...(one.redacted === true ? [property('redacted', 'true')] : []),
        ],
      })),
    ),
    collected: collected.at(-1) ?? desk.report.assessedAt,
    ...more(result.facts.length, EVIDENCE, 'facts'),
  };
}

function attestationOf(desk: Desk, control: ControlReport, unit: UnitReport): readonly object[] {
  const { attestation } = unit;
  if (attestation === undefined) return [];
  return [
    {
      uuid: desk.uuid('attestation', control.id, unit.id),
      title: markup(`${attestation.by} on ${unit.id}`),
      description: markup(`${attestation.by} attested ${attestation.verdict} for ${unit.id} on ${attestation.on}`),
      props: [property('unit', unit.id), property('outcome', attestation.verdict)],
      methods: ['INTERVIEW'],
      types: ['control-objective'],
      origins: [{ actors: [{ type: 'party', 'actor-uuid': partyUuid(attestation.by) }] }],
      subjects: [desk.inventory.refer({ kind: 'target' })],
      collected: `${attestation.on}T00:00:00Z`,
      ...(attestation.conflict === true ? { remarks: 'What was seen says otherwise and outweighs it.' } : {}),
    },
  ];
}

type Seen = ReadonlyMap<string, readonly Result[]>;

function findingOf(
  desk: Desk,
  assessment: Assessment,
  control: ControlReport,
  seen: Seen,
  bad: readonly CheckReport[],
): object {
  const checks = new Map(desk.report.checks.map((check) => [check.key, check]));
  const keys = [...new Set(control.units.flatMap((unit) => unit.checks))];
  const observations = [
    ...keys.flatMap((key) => {
      const check = checks.get(key);
      return check === undefined ? [] : (seen.get(key) ?? []).map((result) => observationUuid(desk, check, result));
    }),
    ...control.units
      .filter((unit) => unit.attestation !== undefined)
      .map((unit) => desk.uuid('attestation', control.id, unit.id)),
  ];
  const risks = bad.filter(({ key }) => keys.includes(key)).map(({ key }) => desk.uuid('risk', key));
  const { state, reason } = STATUS[control.outcome];
  return {
    uuid: desk.uuid('finding', control.id),
    title: markup(`${control.id} ${control.title}`),
    description: markup(conclusionOf(control)),
    props: [
      property('control', control.id),
      property('outcome', control.outcome),
      property('obligation', control.obligation),
      ...control.reasons.map((one) => property('reason', one)),
      ...control.basis.map((one) => property('basis', one)),
      ...(control.status === undefined ? [] : [property('status', control.status)]),
    ],
    origins: [desk.origin],
    target: {
      type: 'objective-id',
      'target-id': controlToken(assessment, control),
      title: markup(control.title),
      status: { state, reason, remarks: markup(conclusionOf(control)) },
    },
    ...listed(
      'related-observations',
      observations.slice(0, REFERENCES).map((uuid) => ({ 'observation-uuid': uuid })),
    ),
    ...listed(
      'related-risks',
      risks.map((uuid) => ({ 'risk-uuid': uuid })),
    ),
    remarks: markup(unitsOf(control, observations.length), 8000),
  };
}

function conclusionOf(control: ControlReport): string {
  const { waiver } = control;
  if (waiver !== undefined)
    return `waived until ${waiver.expires} by ${waiver.approvedBy}: ${waiver.reason} (else ${waiver.instead})`;
  const reasons = control.reasons.length === 0 ? '' : ` (${control.reasons.join(', ')})`;
  return `${control.outcome}${reasons}`;
}

/** Each unit with its outcome, and the work that is left to a person. */
function unitsOf(control: ControlReport, observations: number): string {
  const units = control.units.map((unit) => {
    const open = unit.outcome === 'inconclusive' && unit.work !== undefined ? `, left to do: ${unit.work}` : '';
    return `${unit.id} (${unit.mark}): ${unit.outcome}${open}`;
  });
  const cut = observations > REFERENCES ? [`${observations - REFERENCES} more observations`] : [];
  return [...units, ...cut].join('; ');
}

function riskOf(desk: Desk, check: CheckReport, controls: readonly ControlReport[], seen: readonly Result[]): object {
  const graver = seen.filter(({ outcome }) => outcome === check.outcome);
  const waiver = check.results.find((result) => result.waiver !== undefined)?.waiver;
  const accepted = check.outcome === 'waived';
  return {
    uuid: desk.uuid('risk', check.key),
    title: markup(check.title),
    description: markup(check.message),
    statement: markup(
      `${check.message.replace(/[^.]$/, '$&.')} It speaks against ${controls.map(({ id }) => id).join(', ')} of ${desk.name}.`,
    ),
    props: [property('check', check.key), property('severity', check.severity)],
    status: accepted ? 'deviation-approved' : 'open',
    origins: [desk.origin],
    characterizations: [
      {
        origin: desk.origin,
        facets: [{ name: 'severity', system: NAMESPACE, value: check.severity }],
      },
    ],
    ...(accepted && waiver !== undefined
      ? {
          'mitigating-factors': [
            { uuid: desk.uuid('waiver', check.key), description: markup(`${waiver.approvedBy}: ${waiver.reason}`) },
          ],
          deadline: `${waiver.expires}T23:59:59Z`,
        }
      : {}),
    remediations: [
      {
        uuid: desk.uuid('remediation', check.key),
        lifecycle: 'recommendation',
        title: markup(`Mend: ${check.title}`),
        description: markup(check.remediation),
      },
    ],
    ...listed(
      'related-observations',
      graver.slice(0, REFERENCES).map((result) => ({ 'observation-uuid': observationUuid(desk, check, result) })),
    ),
  };
}

const more = (count: number, limit: number, what: string): { readonly remarks?: string } =>
  count > limit ? { remarks: `${count - limit} more ${what} in the report` } : {};
