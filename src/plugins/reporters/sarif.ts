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
  Run,
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
/** What files are called in places, by their names. */
type Names = ReadonlyMap<string, string>;

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
  const names = lastingNames(report);
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
        ...categoryOf(report),
        columnKind: 'utf16CodeUnits',
        invocations: [invocationOf(report)],
        artifacts: filesOf(report).map((file) => ({
          location: { uri: uriOf(names.get(file.path) ?? file.path) },
          description: { text: safeText(file.path, 1000) },
          length: file.size,
          hashes: { 'sha-256': file.sha256 },
        })),
        results: resultsOf(report, checks, citations, names),
        properties: {
          outcome: report.outcome,
          assessedAt: report.assessedAt,
          baselines: report.assessments.map(({ baseline, outcome, counts }) => ({ ...baseline, outcome, counts })),
        },
      },
    ],
  };
}

const filesOf = ({ target: { firmware, updates } }: Report): Report['target']['firmware'] => [...firmware, ...updates];

/** Alerts of one category replace each other: a file's name would begin another with each release, a product's does not. */
function categoryOf(report: Report): Pick<Run, 'automationDetails'> {
  const { name } = report.target;
  if (filesOf(report).some(({ path }) => path === name)) return {};
  return { automationDetails: { id: `assay/${encodeURIComponent(safeText(name))}/` } };
}

/** `-1.4.2`, `_v3`, `-2026-11-30`, with a `-rc1` behind. */
const EDITION = /[-_.]v?\d+(?:[._]\d+)*(?:[-_.]?(?:alpha|beta|rc|dev)[-_.]?\d*)?(?=[-_.]|$)/gi;

/** Files by names without their edition, where that keeps them apart: GitHub closes an alert whose path changes, and opens another. */
function lastingNames(report: Report): Names {
  const paths = filesOf(report).map(({ path }) => path);
  const plain = paths.map((path) => path.replace(EDITION, ''));
  return new Map(
    paths.map((path, index) => {
      const name = plain[index] ?? '';
      return [path, name !== '' && plain.indexOf(name) === plain.lastIndexOf(name) ? name : path];
    }),
  );
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
function resultsOf(report: Report, checks: readonly CheckReport[], citations: Citations, names: Names): SarifResult[] {
  const seen = new Map<string, number>();
  const facts = factsById(report);
  const whole = wholeUri(report, names);
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
    .map((told) => resultOf(told, citations.get(told.check.key) ?? [], locationOf(told.result, facts, whole, names)));
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
    // GitHub reads the first alone, whatever it is a hash of, and combines it with path and rule.
    partialFingerprints: { primaryLocationLineHash: fingerprint, 'assayCheckAndSubject/v1': fingerprint },
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

function locationOf(result: Result, facts: Facts, whole: string, names: Names): Location {
  const name = safeText(nameOf(result.subject), 1000);
  const { line, offset } = placeOf(result, facts);
  const physicalLocation: PhysicalLocation = {
    artifactLocation: { uri: subjectUri(result.subject, names) ?? whole },
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
function subjectUri(subject: Subject, names: Names): string | undefined {
  switch (subject.kind) {
    case 'file': {
      const { path } = subject;
      // A file lies in an image or, behind a slash, in a directory.
      const [image = '', name = ''] =
        [...names].find(([file]) => path.startsWith(file) && '!/'.includes(path.charAt(file.length))) ?? [];
      return uriOf(name + path.slice(image.length));
    }
    case 'image':
    case 'region':
      return uriOf(names.get(subject.image) ?? subject.image);
    case 'update':
      return uriOf(names.get(subject.update) ?? subject.update);
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
function wholeUri(report: Report, names: Names): string {
  const path = filesOf(report)[0]?.path ?? 'device';
  return uriOf(names.get(path) ?? path);
}

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
