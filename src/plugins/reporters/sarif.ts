/** The report as SARIF 2.1.0 (OASIS, errata 01), for code scanning and its viewers. */
import type {
  Invocation,
  Location,
  Log,
  Notification,
  PhysicalLocation,
  ReportingDescriptor,
  Result as SarifResult,
} from 'sarif';
import type { Reporter } from '../../core/model/renderer.ts';
import type { CheckReport, Report, Result } from '../../core/model/report.ts';
import { nameOf, type Subject } from '../../core/model/target.ts';
import {
  type Citation,
  citationPhrase,
  citationsOf,
  factsById,
  gravestObligation,
  lastingName,
  placeOf,
  resultLine,
} from '../../core/model/telling.ts';
import { safeText, wellFormed } from '../../lib/text.ts';
import { sha256Of, uuidOf } from '../../lib/uuid.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** GitHub's `security-severity`, the middle of each CVSS 3 band: nothing here is a score of the product. */
const SECURITY_SEVERITY = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0', info: '0.0' } as const;

type Facts = ReturnType<typeof factsById>;
type Citations = ReadonlyMap<string, readonly Citation[]>;

export const sarif: Reporter = {
  id: 'sarif',
  title: 'SARIF 2.1.0 for code scanning: rules with help, lasting fingerprints, waivers as suppressions',
  extension: 'sarif',
  mediaType: 'application/sarif+json',
  render: (report) => `${JSON.stringify(logOf(report), null, 2)}\n`,
};

function logOf(report: Report): Log {
  const citations = citationsOf(report);
  const checks = report.checks.filter((check) => !check.vacuous && (citations.get(check.key)?.length ?? 0) > 0);
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            rules: checks.map((check) => ruleOf(check, citations.get(check.key) ?? [])),
          },
        },
        automationDetails: { id: `assay/${encodeURIComponent(safeText(report.target.name))}/` },
        columnKind: 'utf16CodeUnits',
        invocations: [invocationOf(report)],
        artifacts: [...report.target.firmware, ...report.target.updates].map((file) => ({
          location: { uri: uriOf(file.path) },
          length: file.size,
          hashes: { 'sha-256': file.sha256 },
        })),
        results: resultsOf(checks, citations, factsById(report)),
        properties: {
          outcome: report.outcome,
          assessedAt: report.assessedAt,
          baselines: report.assessments.map(({ baseline, outcome, counts }) => ({ ...baseline, outcome, counts })),
        },
      },
    ],
  };
}

function ruleOf(check: CheckReport, citations: readonly Citation[]): ReportingDescriptor {
  const asked = citationPhrase(citations);
  return {
    id: check.key,
    name: check.id,
    shortDescription: { text: safeText(check.title) },
    fullDescription: { text: safeText(`${check.title}. Asked by ${asked}.`, 2000) },
    help: {
      text: safeText(
        `${check.remediation} Asked by ${asked}. References: ${check.references.join(', ') || 'none'}.`,
        4000,
      ),
    },
    defaultConfiguration: { level: gravestObligation(citations) === 'mandatory' ? 'error' : 'warning' },
    properties: {
      tags: ['security', ...check.references.filter((one) => /^CWE-\d+$/.test(one)).map(weakness)],
      'security-severity': SECURITY_SEVERITY[check.severity],
      severity: check.severity,
      controls: citations.map(({ baseline, control }) => `${baseline}/${control}`).filter(first),
    },
  };
}

const weakness = (cwe: string): string => `external/cwe/${cwe.toLowerCase()}`;
const first = <T>(value: T, index: number, all: readonly T[]): boolean => all.indexOf(value) === index;

function resultsOf(checks: readonly CheckReport[], citations: Citations, facts: Facts): SarifResult[] {
  const seen = new Map<string, number>();
  return checks.flatMap((check, ruleIndex) =>
    check.results.map((result) => {
      const name = sha256Of(`${check.key}\n${lastingName(result.subject)}`).slice(0, 32);
      const ordinal = (seen.get(name) ?? 0) + 1;
      seen.set(name, ordinal);
      return resultOf(check, ruleIndex, result, `${name}:${ordinal}`, citations.get(check.key) ?? [], facts);
    }),
  );
}

function resultOf(
  check: CheckReport,
  ruleIndex: number,
  result: Result,
  fingerprint: string,
  citations: readonly Citation[],
  facts: Facts,
): SarifResult {
  const { kind, level } = judged(result, citations);
  return {
    ruleId: check.key,
    ruleIndex,
    guid: uuidOf('result', fingerprint),
    kind,
    level,
    message: { text: resultLine(result, 4000) },
    locations: [locationOf(result, facts)],
    partialFingerprints: { 'assayCheckAndSubject/v1': fingerprint },
    ...(result.waiver === undefined
      ? {}
      : {
          suppressions: [
            {
              kind: 'external',
              status: 'accepted',
              justification: safeText(
                `${result.waiver.reason} (${result.waiver.approvedBy}, until ${result.waiver.expires})`,
                2000,
              ),
            },
          ],
        }),
    properties: { outcome: result.outcome, reasons: result.reasons, facts: result.facts },
  };
}

/** SARIF's kind and level (§3.27.9, §3.27.10): a level other than `none` only beside `fail`. */
function judged(
  result: Result,
  citations: readonly Citation[],
): { readonly kind: SarifResult.kind; readonly level: SarifResult.level } {
  const failing = { kind: 'fail', level: gravestObligation(citations) === 'mandatory' ? 'error' : 'warning' } as const;
  switch (result.outcome) {
    case 'fail':
      return failing;
    case 'waived':
      return result.waiver?.instead === 'fail' ? failing : { kind: 'open', level: 'none' };
    case 'pass':
      return { kind: 'pass', level: 'none' };
    case 'not-applicable':
      return { kind: 'notApplicable', level: 'none' };
    case 'error':
      return { kind: 'open', level: 'none' };
    case 'inconclusive':
      return {
        kind: result.reasons.some((one) => one === 'gap' || one === 'not-given') ? 'open' : 'review',
        level: 'none',
      };
  }
}

function locationOf(result: Result, facts: Facts): Location {
  const place = placeOf(result, facts);
  const uri = subjectUri(result.subject);
  const logicalLocations = [
    {
      name: safeText(nameOf(result.subject), 1000),
      fullyQualifiedName: safeText(nameOf(result.subject), 1000),
      kind: 'resource',
    },
  ];
  if (uri === undefined) return { logicalLocations };
  const physicalLocation: PhysicalLocation = { artifactLocation: { uri } };
  if (result.subject.kind === 'region') {
    const { start, end } = result.subject;
    physicalLocation.region = { byteOffset: start, byteLength: end - start };
  } else if (place.line !== undefined) physicalLocation.region = { startLine: place.line };
  else if (place.offset !== undefined) physicalLocation.region = { byteOffset: place.offset };
  return { physicalLocation, logicalLocations };
}

/** The path through the image as a relative URI, an endpoint as `tcp://host:port`. The product as a whole has no place. */
function subjectUri(subject: Subject): string | undefined {
  switch (subject.kind) {
    case 'file':
      return uriOf(subject.path);
    case 'image':
    case 'region':
      return uriOf(subject.image);
    case 'update':
      return uriOf(subject.update);
    case 'endpoint':
      return `${subject.transport}://${authority(subject.host)}:${subject.port}`;
    case 'host':
    case 'ports':
    case 'target':
      return undefined;
  }
}

const uriOf = (path: string): string =>
  wellFormed(path)
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%21', '!'))
    .join('/');

const authority = (host: string): string =>
  host.includes(':')
    ? `[${encodeURIComponent(wellFormed(host)).replaceAll('%3A', ':')}]`
    : encodeURIComponent(wellFormed(host));

/** What was tried and not seen, as notifications: a consumer must not take their silence for a pass. */
function invocationOf(report: Report): Invocation {
  const tried = report.coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  const notifications: Notification[] = tried.map((gap) => ({
    level: gap.unseen.kind === 'bug' ? 'error' : 'warning',
    descriptor: { id: gap.unseen.kind },
    message: { text: safeText(`${gap.source} on ${nameOf(gap.scope)}: ${gap.unseen.message}`, 2000) },
  }));
  return {
    executionSuccessful: tried.every(({ unseen }) => unseen.kind !== 'bug'),
    endTimeUtc: report.assessedAt,
    toolExecutionNotifications: notifications,
  };
}
