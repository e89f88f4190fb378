/** What `assay lint` tells of one file: mistakes, and notes on what is allowed and rarely meant. */
import { type Problem, UsageError } from '../../lib/fault.ts';
import { type Asked, askedBy, featuresIn } from './asked.ts';
import { type CheckSource, checksOf, compileCheck } from './check.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { runExamples } from './examples.ts';
import type { Library } from './library.ts';
import { lintCondition } from './lint-condition.ts';
import { lintDeclaration } from './lint-declaration.ts';
import { nearest } from './nearest.ts';
import { PLACEHOLDER } from './parameters.ts';
import { complainInto } from './problem.ts';
import type { RawBaseline, RawControl } from './raw.ts';
import { type DocumentKind, inOrder, shapeProblems } from './shape.ts';
import { type Complain, isObject } from './value-test.ts';

/** Mistakes make exit code 2, notes do not. */
export interface Lint {
  readonly file: string;
  readonly kind?: DocumentKind;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
}

/** Looks at one file, of whichever kind it is, on a day (YYYY-MM-DD). Never throws for what is in the file. */
export async function lintFile(path: string, library: Library, day = today()): Promise<Lint> {
  try {
    return await lintDocument(await readDocument(path), library, day);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    return { file: path, problems: thrown.problems, notes: [] };
  }
}

/** The kind of a document by its top-level members. */
export function kindOf(document: SourceDocument): DocumentKind {
  const { value } = document;
  const has = (key: string): boolean => isObject(value) && Object.hasOwn(value, key);
  if (has('checks')) return 'checks';
  if (has('waivers')) return 'waivers';
  return has('controls') || has('extends') ? 'baseline' : 'declaration';
}

const today = (): string => new Date().toISOString().slice(0, 10);

export async function lintDocument(document: SourceDocument, library: Library, day = today()): Promise<Lint> {
  const kind = kindOf(document);
  const problems: Problem[] = [...(await shapeProblems(kind, document))];
  const notes: Problem[] = [];
  if (problems.length === 0) {
    if (kind === 'checks') lintChecks(document, library, problems, notes);
    if (kind === 'baseline') await lintBaseline(document, library, problems, notes);
    if (kind === 'waivers')
      lintWaivers(document, library, day, {
        mistake: complainInto(problems, document),
        remark: complainInto(notes, document),
      });
    if (kind === 'declaration') lintDeclaration(document, library, problems, notes);
  }
  return { file: document.file, kind, problems: inOrder(problems), notes: inOrder(notes) };
}

function lintChecks(document: SourceDocument, library: Library, problems: Problem[], notes: Problem[]): void {
  const seen = new Set<string>();
  for (const source of checksOf(document)) {
    const shipped = library.checks.get(source.id);
    if (seen.has(source.id) || (shipped !== undefined && shipped.document.sha256 !== document.sha256))
      problems.push({ message: `there is a check '${source.id}' already`, at: document.place([...source.path, 'id']) });
    seen.add(source.id);
    const found = lintCheck(source, library);
    problems.push(...found.problems);
    notes.push(...found.notes);
  }
}

/** A check on its own: words, parameters, examples, and whether it can pass and fail at all. */
export function lintCheck(source: CheckSource, library: Library): Pick<Lint, 'problems' | 'notes'> {
  const { vocabulary } = library;
  const compiled = compileCheck(source, vocabulary);
  const problems: Problem[] = [...compiled.problems, ...lintParameters(source, compiled.used)];
  // Of a condition with unknown words nothing more can be said.
  if (compiled.problems.length > 0) return { problems, notes: [] };
  const { mistakes, notes } = lintCondition(source, compiled.check.parameters, vocabulary);
  return { problems: [...problems, ...mistakes, ...runExamples(source, vocabulary)], notes };
}

function lintParameters({ raw, document, path }: CheckSource, used: ReadonlySet<string>): readonly Problem[] {
  const known = Object.keys(raw.params ?? {});
  const texts = { title: raw.title, remediation: raw.remediation, ...raw.message };
  const unknown = Object.entries(texts).flatMap(([key, text]) =>
    [...text.matchAll(PLACEHOLDER)]
      .filter(([, name = '']) => !known.includes(name) && known.length > 0)
      .map(([, name]): Problem => {
        const at = document.place(key in raw ? [...path, key] : [...path, 'message', key]);
        return { message: `'{${name}}' is no parameter of this check`, at, hint: `parameters: ${known.join(', ')}` };
      }),
  );
  const idle = known
    .filter((name) => !used.has(name))
    .map((name) => ({
      message: `parameter '${name}' is not used by any condition`,
      at: document.place([...path, 'params', name], true),
    }));
  return [...unknown, ...idle];
}

async function lintBaseline(
  document: SourceDocument,
  library: Library,
  problems: Problem[],
  notes: Problem[],
): Promise<void> {
  await library.resolve(document, undefined, problems);
  const raw = document.value as unknown as RawBaseline;
  const asked = askedBy(library);
  for (const [index, control] of (raw.controls ?? []).entries())
    lintControl(control, raw, asked, {
      mistake: complainInto(problems, document, ['controls', index]),
      remark: complainInto(notes, document, ['controls', index]),
    });
}

/** What a control names elsewhere, and what its units leave unsaid. */
function lintControl(
  control: RawControl,
  { id, controls = [] }: RawBaseline,
  asked: Asked,
  { mistake, remark }: { readonly mistake: Complain; readonly remark: Complain },
): void {
  for (const [at, unit] of control.units.entries()) {
    if (unit.mark === 'refute' && unit.work === undefined)
      remark(['units', at], `unit '${unit.id}' can only be refuted by its checks, and says no work for a person`);
  }
  lintDeemed(control, id, [...asked.controls, ...controls.map((one) => `${id}/${one.id}`)], asked, mistake);
  for (const feature of new Set(featuresIn(control.applies ?? 'always'))) {
    if (!asked.features.includes(feature))
      remark(['applies'], `no shipped baseline knows the feature '${feature}'`, nearest(feature, asked.features));
  }
}

/** Controls of baselines that are neither shipped nor this one may be anything. */
function lintDeemed(control: RawControl, id: string, known: readonly string[], asked: Asked, mistake: Complain): void {
  for (const [at, other] of (control.deemedBy ?? []).entries()) {
    const [baseline = ''] = other.split('/');
    if ((baseline === id || asked.baselines.includes(baseline)) && !known.includes(other))
      mistake(['deemedBy', at], `there is no control '${other}'`, nearest(other, known));
  }
}

interface RawWaiver {
  readonly control: string;
  readonly subject?: string;
  readonly check?: string;
  readonly expires: string;
}

function lintWaivers(
  document: SourceDocument,
  library: Library,
  day: string,
  { mistake, remark }: { readonly mistake: Complain; readonly remark: Complain },
): void {
  const { waivers } = document.value as unknown as { readonly waivers: readonly RawWaiver[] };
  const asked = askedBy(library);
  for (const [index, { control, subject, check, expires }] of waivers.entries()) {
    const at = ['waivers', index];
    const [baseline = ''] = control.split('/');
    if (expires < day) remark([...at, 'expires'], `the waiver of ${control} expired on ${expires}: it covers nothing`);
    else if (subject === undefined) remark(at, `the waiver of ${control} names no subject: it covers everything`);
    // A check may stand in a file of the user's own, which this document does not name.
    const id = check?.replace(/\{.*$/s, '');
    if (id !== undefined && !library.checks.has(id))
      remark([...at, 'check'], `no shipped check is called '${id}'`, nearest(id, [...library.checks.keys()]));
    if (!asked.baselines.includes(baseline))
      remark([...at, 'control'], `no shipped baseline is called '${baseline}'`, nearest(baseline, asked.baselines));
    else if (!asked.controls.includes(control))
      mistake([...at, 'control'], `no edition has a control '${control}'`, nearest(control, asked.controls));
  }
}
