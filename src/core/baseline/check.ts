/** One entry of a checks file, with parameters, → a Check ready to judge. */
import type { Place, Problem } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Check, Example, Parameters } from '../model/baseline.ts';
import type { Condition, JudgeContext, Judgement } from '../model/condition.ts';
import type { Area } from '../model/target.ts';
import type { Severity } from '../model/verdict.ts';
import { compileCondition, type Vocabulary } from './condition.ts';
import type { SourceDocument } from './document.ts';
import { fillIn, keyOf, substitute } from './parameters.ts';
import { complainInto } from './problem.ts';
import type { Path } from './value-test.ts';

/** A check as it stands in its file, of the right shape. */
export interface CheckSource {
  readonly id: string;
  readonly document: SourceDocument;
  readonly path: Path;
  readonly raw: RawCheck;
}

export interface RawExample {
  readonly outcome: Example['outcome'];
  readonly facts: readonly { readonly [name: string]: Json }[];
  readonly unseen?: readonly string[];
  readonly params?: Parameters;
  readonly at?: string;
}

export interface RawCheck {
  readonly id: string;
  readonly title: string;
  readonly params?: Parameters;
  readonly severity: Severity;
  readonly over?: Area;
  readonly appliesWhen?: Json;
  readonly expect: Json;
  readonly message?: { readonly pass?: string; readonly fail?: string };
  readonly remediation: string;
  readonly references?: readonly string[];
  readonly examples: readonly RawExample[];
}

/** The checks of a document whose shape holds, in order. */
export function checksOf(document: SourceDocument): readonly CheckSource[] {
  const { checks } = document.value as unknown as { readonly checks: readonly RawCheck[] };
  return checks.map((raw, index) => ({ id: raw.id, document, path: ['checks', index], raw }));
}

export interface CompiledCheck {
  readonly check: Check;
  /** Mistakes inside the check's own file. */
  readonly problems: readonly Problem[];
  /** Parameters that its conditions use. */
  readonly used: ReadonlySet<string>;
}

/** Compiles a check with its default parameters or others. */
export function compileCheck(
  source: CheckSource,
  vocabulary: Vocabulary,
  parameters: Parameters = source.raw.params ?? {},
): CompiledCheck {
  const { raw, document, path } = source;
  const problems: Problem[] = [];
  const complain = complainInto(problems, document);
  const used = new Set<string>();
  const condition = (key: 'expect' | 'appliesWhen', json: Json): Condition =>
    compileCondition(
      substitute(json, parameters, [...path, key], complain, used),
      [...path, key],
      vocabulary,
      complain,
    );
  const expect = condition('expect', raw.expect);
  const appliesWhen = raw.appliesWhen === undefined ? {} : { appliesWhen: condition('appliesWhen', raw.appliesWhen) };
  const fill = (text: string): string => fillIn(text, parameters);
  const check: Check = {
    key: keyOf(raw.id, parameters),
    id: raw.id,
    parameters,
    title: fill(raw.title),
    severity: raw.severity,
    ...(raw.over === undefined ? {} : { over: raw.over }),
    ...appliesWhen,
    expect,
    ...(raw.message === undefined ? {} : { message: filled(raw.message, fill) }),
    remediation: fill(raw.remediation),
    references: raw.references ?? [],
    examples: raw.examples.map((example, index) => exampleOf(example, document.place([...path, 'examples', index]))),
    at: document.place(path),
  };
  return { check, problems, used };
}

const filled = (
  message: NonNullable<RawCheck['message']>,
  fill: (text: string) => string,
): NonNullable<Check['message']> => ({
  ...(message.pass === undefined ? {} : { pass: fill(message.pass) }),
  ...(message.fail === undefined ? {} : { fail: fill(message.fail) }),
});

function exampleOf(raw: RawExample, at: Place): Example {
  return { outcome: raw.outcome, facts: raw.facts.map(exampleFact), unseen: raw.unseen ?? [], at };
}

function exampleFact(raw: { readonly [name: string]: Json }): Example['facts'][number] {
  const type = Object.keys(raw).find((name) => name !== 'on') ?? '';
  const { on } = raw;
  return { type, ...(typeof on === 'string' ? { subject: on } : {}), data: raw[type] ?? null };
}

/** What a check says: its expectation, dropped (vacuous) where it does not apply, open where nobody knows whether it does. */
export function judgeCheck(check: Check, context: Omit<JudgeContext, 'over'>): Judgement {
  const sight: JudgeContext = check.over === undefined ? context : { ...context, over: check.over };
  const applies = check.appliesWhen?.judge(sight);
  if (applies === undefined || applies.truth === true) return check.expect.judge(sight);
  const { truth, because, gaps } = applies;
  return truth === false
    ? { truth: true, because, gaps, vacuous: true }
    : { truth: 'unknown', because, gaps, vacuous: false };
}

/** Every fact name that a check reads. */
export const readsOf = (check: Check): ReadonlySet<string> =>
  new Set([...check.expect.reads, ...(check.appliesWhen?.reads ?? [])]);
