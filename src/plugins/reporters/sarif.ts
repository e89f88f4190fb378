/**
 * The report as SARIF 2.1.0 (OASIS, errata 01), for code scanning. GitHub takes every result for an alert whatever its
 * `kind` says, refuses a file with a result that has no artefact or one by another scheme than `file`, and cuts after
 * 25,000 results: so what fails is listed, every place is a relative path, and what was not seen is a notification.
 */
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
import { nameOf, type Subject, shownName } from '../../core/model/target.ts';
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
import { SEVERITIES } from '../../core/model/verdict.ts';
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
        results: resultsOf(report, checks, citations),
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
      // Ten are shown; a rule of more than twenty is refused.
      tags: ['security', ...check.references.filter((one) => /^CWE-\d+$/.test(one)).map(weakness)].slice(0, 10),
      'security-severity': SECURITY_SEVERITY[check.severity],
      severity: check.severity,
      controls: citations.map(({ baseline, control }) => `${baseline}/${control}`).filter(first),
    },
  };
}

const weakness = (cwe: string): string => `external/cwe/${cwe.toLowerCase()}`;
const first = <T>(value: T, index: number, all: readonly T[]): boolean => all.indexOf(value) === index;

/** Results of one run that GitHub takes. */
const RESULTS = 25_000;

interface Told {
  readonly check: CheckReport;
  readonly ruleIndex: number;
  readonly result: Result;
  readonly fingerprint: string;
}

/** Failures, and those that were waived, gravest first. Fingerprints count over all results: a mended one shifts no other. */
function resultsOf(report: Report, checks: readonly CheckReport[], citations: Citations): SarifResult[] {
  const seen = new Map<string, number>();
  const facts = factsById(report);
  const whole = wholeUri(report);
  const all = checks.flatMap((check, ruleIndex) =>
    check.results.map((result): Told => {
      const name = sha256Of(`${check.key}\n${lastingName(result.subject)}`).slice(0, 32);
      const ordinal = (seen.get(name) ?? 0) + 1;
      seen.set(name, ordinal);
      return { check, ruleIndex, result, fingerprint: `${name}:${ordinal}` };
    }),
  );
  return all
    .filter(({ result: { outcome, waiver } }) => outcome === 'fail' || waiver?.instead === 'fail')
    .toSorted((a, b) => SEVERITIES.indexOf(a.check.severity) - SEVERITIES.indexOf(b.check.severity))
    .slice(0, RESULTS)
    .map((told) => resultOf(told, citations.get(told.check.key) ?? [], locationOf(told.result, facts, whole)));
}

function resultOf(
  { check, ruleIndex, result, fingerprint }: Told,
  citations: readonly Citation[],
  location: Location,
): SarifResult {
  return {
    ruleId: check.key,
    ruleIndex,
    guid: uuidOf('result', fingerprint),
    kind: 'fail',
    level: gravestObligation(citations) === 'mandatory' ? 'error' : 'warning',
    message: { text: resultLine(result, 4000) },
    locations: [location],
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

function locationOf(result: Result, facts: Facts, whole: string): Location {
  const name = safeText(nameOf(result.subject), 1000);
  const { line, offset } = placeOf(result, facts);
  const physicalLocation: PhysicalLocation = {
    artifactLocation: { uri: subjectUri(result.subject) ?? whole },
    // Code scanning wants a line of everything; what has none begins at its first.
    region: { startLine: line ?? 1 },
  };
  const { subject } = result;
  const bytes =
    subject.kind === 'region'
      ? { byteOffset: subject.start, byteLength: subject.end - subject.start }
      : { byteOffset: offset };
  return {
    physicalLocation,
    logicalLocations: [{ name, fullyQualifiedName: name, kind: 'resource' }],
    ...(bytes.byteOffset === undefined ? {} : { properties: bytes }),
  };
}

/** The path through the image or beside the device as a relative URI. The product as a whole has no place of its own. */
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
      return uriOf(`device/${subject.host}/${subject.transport}/${subject.port}`);
    case 'ports':
    case 'host':
      return uriOf(`device/${subject.host}`);
    case 'target':
      return undefined;
  }
}

/** What stands for the product as a whole: its first image or update, or its device. */
const wholeUri = ({ target: { firmware, updates } }: Report): string =>
  uriOf([...firmware, ...updates][0]?.path ?? 'device');

const uriOf = (path: string): string =>
  wellFormed(path)
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%21', '!'))
    .join('/');

/** What was tried and not seen, as notifications: a consumer must not take their silence for a pass. */
function invocationOf(report: Report): Invocation {
  const tried = report.coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given');
  const notifications: Notification[] = tried.map((gap) => ({
    level: gap.unseen.kind === 'bug' ? 'error' : 'warning',
    descriptor: { id: gap.unseen.kind },
    message: { text: safeText(`${gap.source} on ${shownName(gap.scope)}: ${gap.unseen.message}`, 2000) },
  }));
  return {
    executionSuccessful: tried.every(({ unseen }) => unseen.kind !== 'bug'),
    endTimeUtc: report.assessedAt,
    toolExecutionNotifications: notifications,
  };
}
