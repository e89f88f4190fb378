/** A baseline document, its level and its tailoring → a Baseline ready to judge. Every mistake at once. */
import type { Place, Problem } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Applicability, Baseline, Control, CrossReference, Unit } from '../model/baseline.ts';
import type { Obligation } from '../model/verdict.ts';
import type { SourceDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { complainInto } from './problem.ts';
import type { FindCheck, RawBaseline, RawControl, RawUnit } from './raw.ts';
import { tailor } from './tailor.ts';
import type { Complain, Path } from './value-test.ts';

export interface ResolveContext {
  readonly check: FindCheck;
  /** The baseline that this one extends, resolved. */
  readonly base?: Baseline;
  /** Level asked for by the reference; the document's default otherwise. */
  readonly level?: string;
  /** Where that reference stands, if it stands in a file. */
  readonly levelAt?: Place;
  readonly problems: Problem[];
}

export function resolve(document: SourceDocument, context: ResolveContext): Baseline {
  const raw = document.value as unknown as RawBaseline;
  const complain = complainInto(context.problems, document);
  const levels = raw.levels ?? context.base?.levels ?? [];
  const level = levelOf(raw, levels, context, complain);
  const own = (raw.controls ?? []).map((control, index) =>
    resolveControl(control, ['controls', index], { document, complain, check: context.check, levels, level }),
  );
  const tailored = tailor(raw, context.base, context.check, complain);
  const controls = [...tailored.controls, ...own];
  complainOfRepeats(
    controls.map((one) => one.id),
    raw,
    complain,
  );
  return {
    id: raw.id,
    version: raw.version,
    revision: raw.revision ?? '1',
    title: raw.title,
    ...optional('publisher', raw.publisher ?? context.base?.publisher),
    ...optional('licence', raw.licence ?? context.base?.licence),
    levels,
    ...optional('level', level),
    controls,
    excluded: tailored.excluded,
    sha256: document.sha256,
    at: document.place([]),
  };
}

/** An optional member, absent rather than undefined. */
const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

function levelOf(
  raw: RawBaseline,
  levels: readonly string[],
  context: ResolveContext,
  complain: Complain,
): string | undefined {
  const chosen = context.level ?? raw.defaultLevel ?? context.base?.level;
  if (chosen === undefined || levels.includes(chosen)) return chosen;
  const hint = nearest(chosen, levels) ?? (levels.length > 0 ? `levels: ${levels.join(', ')}` : undefined);
  const message = levels.length === 0 ? `${raw.id} has no levels` : `${raw.id} has no level '${chosen}'`;
  if (context.level === undefined) complain(['defaultLevel'], message, hint);
  else context.problems.push({ message, ...optional('hint', hint), ...optional('at', context.levelAt) });
  return undefined;
}

function complainOfRepeats(ids: readonly string[], raw: RawBaseline, complain: Complain): void {
  const seen = new Set<string>();
  const own = ids.length - (raw.controls?.length ?? 0);
  for (const [index, id] of ids.entries()) {
    if (seen.has(id)) complain(['controls', Math.max(0, index - own), 'id'], `there are two controls '${id}'`);
    seen.add(id);
  }
}

interface ControlContext {
  readonly document: SourceDocument;
  readonly complain: Complain;
  readonly check: FindCheck;
  readonly levels: readonly string[];
  readonly level: string | undefined;
}

function resolveControl(raw: RawControl, path: Path, context: ControlContext): Control {
  for (const [index, level] of (raw.levels ?? []).entries()) {
    if (!context.levels.includes(level))
      context.complain([...path, 'levels', index], `there is no level '${level}'`, nearest(level, context.levels));
  }
  const repeated = raw.units.findIndex((unit, at) => raw.units.findIndex((other) => other.id === unit.id) < at);
  if (repeated >= 0)
    context.complain(
      [...path, 'units', repeated, 'id'],
      `there are two units '${raw.units[repeated]?.id}' in control '${raw.id}'`,
    );
  return {
    id: raw.id,
    title: raw.title,
    text: raw.text,
    ...optional('section', raw.section),
    obligation: obligationOf(raw, context.level),
    ...optional('levels', raw.levels),
    ...optional('status', raw.status),
    applies: applicabilityOf(raw.applies ?? 'always'),
    units: raw.units.map((unit, index) => resolveUnit(unit, [...path, 'units', index], context)),
    ...optional('deemedBy', raw.deemedBy),
    ...optional('draft', raw.draft),
    ...optional('confidence', raw.confidence),
    ...optional('note', raw.note),
    references: (raw.references ?? []).map(
      (reference): CrossReference => ({ ...reference, judged: reference.judged ?? false }),
    ),
    at: context.document.place(path),
  };
}

/** With levels: what is said (mandatory by default) at these levels, advisory at the others. */
function obligationOf(raw: RawControl, level: string | undefined): Obligation {
  const asked = raw.levels === undefined || level === undefined || raw.levels.includes(level);
  return asked ? (raw.obligation ?? 'mandatory') : 'advisory';
}

function resolveUnit(raw: RawUnit, path: Path, { check, complain }: ControlContext): Unit {
  const checks = (raw.checks ?? []).flatMap((reference, index) => {
    const at = [...path, 'checks', index];
    const found =
      typeof reference === 'string'
        ? check(reference, undefined, at, complain)
        : check(reference.check, reference.params, at, complain);
    return found === undefined ? [] : [found];
  });
  return { id: raw.id, ...optional('title', raw.title), mark: raw.mark, checks, ...optional('work', raw.work) };
}

/** `always`, a feature, or any, all, not of such; the shape was checked. */
export function applicabilityOf(raw: Json): Applicability {
  if (typeof raw === 'string') return raw === 'always' ? { always: true } : { feature: raw };
  const { any, all, not } = raw as {
    readonly any?: readonly Json[];
    readonly all?: readonly Json[];
    readonly not?: Json;
  };
  if (any !== undefined) return { any: any.map(applicabilityOf) };
  if (all !== undefined) return { all: all.map(applicabilityOf) };
  return { not: applicabilityOf(not ?? 'always') };
}
