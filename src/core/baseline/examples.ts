/** Runs the examples of a check: each must have the outcome that it says, and hiding the facts of a pass must leave it open. */
import type { Problem } from '../../lib/fault.ts';
import type { Check, Example } from '../model/baseline.ts';
import type { Judgement } from '../model/condition.ts';
import type { Fact, FactType, FactView } from '../model/fact.ts';
import type { Area, Subject } from '../model/target.ts';
import { type CheckSource, compileCheck, judgeCheck, readsOf } from './check.ts';
import type { Vocabulary } from './condition.ts';
import { nearest } from './nearest.ts';
import { overrideParameters } from './parameters.ts';
import { complainInto } from './problem.ts';
import { isObject } from './value-test.ts';

/** The date of judgement where an example gives none. */
const JUDGED_AT = '2026-01-01';

/** What is wrong with the examples of a check, each at its place. */
export function runExamples(source: CheckSource, vocabulary: Vocabulary): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [index, raw] of source.raw.examples.entries()) {
    const at = [...source.path, 'examples', index];
    const complain = complainInto(problems, source.document);
    const parameters = overrideParameters(source.raw.params ?? {}, raw.params, [...at, 'params'], complain);
    const { check } = compileCheck(source, vocabulary, parameters);
    const example = check.examples[index];
    if (example === undefined) continue;
    const before = problems.length;
    complainOfFacts(example, vocabulary, (path, message, hint) => complain([...at, ...path], message, hint));
    // An example of broken facts says nothing more.
    if (problems.length > before) continue;
    const date = raw.at ?? JUDGED_AT;
    const said = outcomeOf(judgeExample(check, example, vocabulary, date));
    if (said !== example.outcome)
      complain([...at, 'outcome'], `the example should be ${example.outcome}, and the check says ${said}`);
    const hidden: Example = { ...example, facts: [], unseen: [...readsOf(check)] };
    const blind = outcomeOf(judgeExample(check, hidden, vocabulary, date));
    if (example.outcome === 'pass' && blind !== 'inconclusive')
      complain(at, `with nothing seen the check must be inconclusive, and it says ${blind}`);
  }
  return [...problems, ...missingOutcomes(source)];
}

function missingOutcomes({ raw, document, path }: CheckSource): readonly Problem[] {
  const outcomes = new Set(raw.examples.map((example) => example.outcome));
  return (['pass', 'fail'] as const)
    .filter((outcome) => !outcomes.has(outcome))
    .map((outcome) => ({
      message: `check '${raw.id}' has no ${outcome} example`,
      at: document.place([...path, 'examples'], true),
    }));
}

export function judgeExample(check: Check, example: Example, vocabulary: Vocabulary, date: string): Judgement {
  return judgeCheck(check, { facts: viewOf(example, vocabulary), at: `${date}T00:00:00Z` });
}

function outcomeOf({ truth, vacuous }: Judgement): Example['outcome'] {
  if (truth === 'unknown') return 'inconclusive';
  if (vacuous) return 'vacuous';
  return truth ? 'pass' : 'fail';
}

/** Facts that an example does not name were looked for and not found, unless it says that they were not seen. */
function viewOf(example: Example, vocabulary: Vocabulary): FactView {
  const facts = example.facts.map((fact, index) => factOf(fact, index, vocabulary));
  const named = (name: string): readonly Fact[] => facts.filter((fact) => fact.type === name);
  return {
    of: <T>(type: FactType<T>) => named(type.name) as readonly Fact<T>[],
    named,
    coverage: (name) => ({ complete: !example.unseen.includes(name), heard: ['example'], gaps: [] }),
  };
}

function factOf({ type, subject, data }: Example['facts'][number], index: number, vocabulary: Vocabulary): Fact {
  const area = vocabulary.facts.get(type)?.over ?? 'target';
  return {
    id: `${type}-${index}`,
    type,
    subject: subject === undefined ? DEFAULT_SUBJECTS[area] : subjectOf(subject, area),
    data,
    method: 'EXAMINE',
    source: 'example',
    observedAt: `${JUDGED_AT}T00:00:00Z`,
    evidence: [],
    derivedFrom: [],
  };
}

const endpoint = (transport: 'tcp' | 'udp'): Subject => ({ kind: 'endpoint', host: '192.0.2.1', port: 443, transport });
const file: Subject = { kind: 'file', path: 'image!root/etc/example' };
const target: Subject = { kind: 'target' };
const DEFAULT_SUBJECTS: { readonly [A in Area]: Subject } = {
  target,
  endpoint: endpoint('tcp'),
  tcp: endpoint('tcp'),
  udp: endpoint('udp'),
  image: { kind: 'image', image: 'image' },
  'root-file-system': file,
  update: { kind: 'update', update: 'update.bin' },
  declaration: target,
};

const ENDPOINT = /^\[?([0-9A-Za-z.:-]{1,255}?)\]?:(\d{1,5})\/(tcp|udp)$/;

/** `192.0.2.1:443/tcp`, `image!root/etc/shadow`, `target`, a host, or a name by the fact's area. */
export function subjectOf(text: string, area: Area): Subject {
  if (text === 'target') return target;
  const [, host, port, transport] = ENDPOINT.exec(text) ?? [];
  if (host !== undefined && transport !== undefined)
    return { kind: 'endpoint', host, port: Number(port), transport: transport === 'udp' ? 'udp' : 'tcp' };
  if (area === 'update') return { kind: 'update', update: text };
  if (text.includes('!') || text.includes('/')) return { kind: 'file', path: text };
  return area === 'image' || area === 'root-file-system'
    ? { kind: 'image', image: text }
    : { kind: 'host', host: text };
}

type Complain = (path: readonly (string | number)[], message: string, hint?: string) => void;

/** Facts, members and values that the vocabulary does not know. Members may be left out, never invented. */
function complainOfFacts(example: Example, vocabulary: Vocabulary, complain: Complain): void {
  const names = [...vocabulary.facts.keys()];
  for (const [index, name] of example.unseen.entries()) {
    if (!vocabulary.facts.has(name)) complain(['unseen', index], `there is no fact '${name}'`, nearest(name, names));
  }
  for (const [index, { type, data }] of example.facts.entries()) {
    const schema = vocabulary.facts.get(type)?.schema.json;
    if (schema === undefined) complain(['facts', index], `there is no fact '${type}'`, nearest(type, names));
    else complainOfMembers(data, schema['properties'], ['facts', index, type], complain);
  }
}

function complainOfMembers(
  data: unknown,
  properties: unknown,
  path: readonly (string | number)[],
  complain: Complain,
): void {
  if (!isObject(data) || !isObject(properties)) return;
  for (const [member, value] of Object.entries(data)) {
    const schema = properties[member];
    if (!isObject(schema))
      complain([...path, member], `the fact has no member '${member}'`, nearest(member, Object.keys(properties)));
    else if (!fits(value, schema))
      complain([...path, member], `${JSON.stringify(value)} is not a value of '${member}'`);
  }
}

/** Whether a value has the shape that a member's schema asks for: the words that fact types use. */
function fits(value: unknown, schema: { readonly [keyword: string]: unknown }): boolean {
  const { type, items } = schema;
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(value);
  if (type === 'array') return Array.isArray(value) && (!isObject(items) || value.every((item) => fits(item, items)));
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
