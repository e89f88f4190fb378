/** Whether a document has the shape of its JSON Schema: every mistake at once, with place and the nearest known word. */
import { readFileSync } from 'node:fs';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Problem } from '../../lib/fault.ts';
import type { SourceDocument } from './document.ts';
import { nearest } from './nearest.ts';
import type { Path } from './value-test.ts';

export const DOCUMENT_KINDS = ['baseline', 'checks', 'waivers', 'declaration'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

const PROBLEM_LIMIT = 100;
const compiled = new Map<DocumentKind, ValidateFunction>();

async function validatorOf(kind: DocumentKind): Promise<ValidateFunction> {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  const { Ajv } = await import('ajv');
  const text = readFileSync(new URL(`../../../baselines/schema/${kind}.schema.json`, import.meta.url), 'utf8');
  // `verbose` hands the schema beside each error: the known words to compare a mistyped one with.
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, formats: { date: isDay } });
  const validate = ajv.compile(JSON.parse(text) as object);
  compiled.set(kind, validate);
  return validate;
}

/** A day that the calendar has: the 31st of February would never come, and what ends then would never end. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** The mistakes of shape. Conditions are left to their own compiler, which knows facts and says more. */
export async function shapeProblems(kind: DocumentKind, document: SourceDocument): Promise<readonly Problem[]> {
  const validate = await validatorOf(kind);
  if (validate(document.value)) return [];
  const errors = (validate.errors ?? []).filter((error) => !insideCondition(kind, error) && isTelling(error));
  const problems = errors.slice(0, PROBLEM_LIMIT).map((error) => problemOf(error, document));
  const seen = new Set<string>();
  const different = problems.filter((problem) => {
    const key = `${problem.at?.line}:${problem.at?.column}:${problem.message}`;
    return !seen.has(key) && seen.add(key);
  });
  return inOrder(different);
}

/** As they stand in the file. */
export const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0));

const insideCondition = (kind: DocumentKind, { instancePath }: ErrorObject): boolean =>
  kind === 'checks' && /^\/checks\/\d+\/(expect|appliesWhen)(\/|$)/.test(instancePath);

/** `if` and `anyOf` only say that something inside them failed, and that says so itself; except where the shapes are of other types. */
const isTelling = ({ keyword, schema, schemaPath, parentSchema, data }: ErrorObject): boolean => {
  // What is a mapping was meant as one: that it is not the word beside it helps nobody.
  if (keyword === 'const') return typeof data !== 'object';
  if (keyword === 'required') return !(/\/anyOf\/\d+\/required$/.test(schemaPath) && onlyRequires(parentSchema));
  if (keyword !== 'anyOf') return keyword !== 'if';
  return describes(parentSchema) || (schema as readonly unknown[]).every(onlyRequires);
};

/** One way of several to be whole: `{required: [extends]}`. */
const onlyRequires = (schema: unknown): boolean => Object.keys(schema ?? {}).join() === 'required';

const describes = (schema: unknown): boolean => typeof (schema as { description?: unknown })?.description === 'string';

function problemOf(error: ErrorObject, document: SourceDocument): Problem {
  const path = pathOf(error.instancePath, document);
  const { message, step, hint } = wordsOf(error);
  const at = step === undefined ? document.place(path) : document.place([...path, step], true);
  return { message: `${whereOf(path)}${message}`, at, ...(hint === undefined ? {} : { hint }) };
}

/** JSON pointer → path, with numbers where the value is a list. */
function pathOf(pointer: string, document: SourceDocument): Path {
  const path: (string | number)[] = [];
  let value: unknown = document.value;
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(step) : step);
    value = (value as { readonly [key: string]: unknown } | undefined)?.[step];
  }
  return path;
}

/** `controls[3].units[0]: `, or nothing at the top. */
function whereOf(path: Path): string {
  if (path.length === 0) return '';
  const words = path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`));
  return `${words.join('')}: `;
}

interface Words {
  readonly message: string;
  /** The key that is wrong, where the place is a key rather than the value. */
  readonly step?: string;
  readonly hint?: string | undefined;
}

const TYPES: { readonly [type: string]: string } = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
};

type Speak = (error: ErrorObject) => Words;

const SPEAKERS: { readonly [keyword: string]: Speak } = {
  required: ({ params }) => ({ message: `'${params['missingProperty']}' is missing` }),
  dependencies: ({ params }) => ({
    message: `'${params['property']}' needs '${params['missingProperty']}' beside it`,
    step: String(params['property']),
  }),
  additionalProperties: ({ params, parentSchema }) => {
    const word = String(params['additionalProperty']);
    const known = Object.keys((parentSchema as { properties?: object } | undefined)?.properties ?? {});
    const hint = nearest(word, known) ?? (known.length > 0 ? `known here: ${known.join(', ')}` : undefined);
    return { message: `'${word}' is not known here`, step: word, hint };
  },
  propertyNames: ({ params }) => ({
    message: `'${params['propertyName']}' is no name that can stand here`,
    step: String(params['propertyName']),
  }),
  const: ({ params }) => ({ message: `must be ${String(params['allowedValue'])}` }),
  minimum: ({ params }) => ({ message: `must be ${params['limit']} at the least` }),
  maximum: ({ params }) => ({ message: `must be ${params['limit']} at the most` }),
  enum: ({ params, data }) => {
    const allowed = (params['allowedValues'] as readonly unknown[]).map(String);
    return { message: `must be one of ${allowed.join(', ')}`, hint: nearest(String(data), allowed) };
  },
  type: ({ params, data }) => {
    const types = [params['type']].flat().map((type) => TYPES[String(type)] ?? String(type));
    const hint = typeof data === 'number' && types.includes('text') ? `put it in quotes: "${data}"` : undefined;
    return { message: `must be ${types.join(' or ')}`, hint };
  },
  format: ({ data }) => ({ message: `the calendar has no day '${String(data)}'` }),
  pattern: ({ params }) => ({ message: `does not look like ${params['pattern']}` }),
  anyOf: ({ schema }) => {
    const ways = (schema as readonly { readonly required?: readonly string[] }[]).filter(onlyRequires);
    const needed = ways.map(({ required = [] }) => required.map((name) => `'${name}'`).join(', '));
    return {
      message: needed.length > 0 ? `needs ${needed.join(' or ')}` : 'has none of the shapes that can stand here',
    };
  },
  'false schema': () => ({ message: 'can’t stand here' }),
  minItems: ({ params }) => ({ message: `needs at least ${params['limit']}` }),
  minLength: () => ({ message: 'must not be empty' }),
  maxLength: ({ params }) => ({ message: `is longer than ${params['limit']} characters` }),
};

function wordsOf(error: ErrorObject): Words {
  const speak = Object.hasOwn(SPEAKERS, error.keyword) ? SPEAKERS[error.keyword] : undefined;
  return speak?.(error) ?? { message: error.message ?? `breaks '${error.keyword}'` };
}
