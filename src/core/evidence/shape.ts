/** Whether a report, a dossier, a fact or a gap has the shape of its JSON Schema. */
import { readFileSync } from 'node:fs';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { FactType } from '../model/fact.ts';

/** Says what is wrong in one sentence, or nothing. */
export type Shape = (value: unknown) => string | undefined;

export interface Shapes {
  readonly report: Shape;
  readonly dossier: Shape;
  readonly fact: Shape;
  readonly gap: Shape;
}

const schemaOf = (kind: string): object =>
  JSON.parse(readFileSync(new URL(`../../../baselines/schema/${kind}.schema.json`, import.meta.url), 'utf8')) as object;

/** Validators of the documents, and of facts by the types of the vocabulary. Compiles what is asked for, once. */
export async function loadShapes(types: readonly FactType[]): Promise<Shapes> {
  const { Ajv } = await import('ajv');
  const ajv = new Ajv({ strict: false, allErrors: false });
  ajv.addSchema(schemaOf('fact'));
  const once = (make: () => ValidateFunction): Shape => {
    let validate: ValidateFunction | undefined;
    return (value) => {
      validate ??= make();
      return validate(value) ? undefined : words(validate.errors?.[0]);
    };
  };
  const ref = (name: string): Shape => once(() => ajv.compile({ $ref: `fact.schema.json#/$defs/${name}` }));
  const base = ref('fact');
  const data = new Map(types.map((type) => [type.name, once(() => ajv.compile(type.schema.json))]));
  return {
    report: once(() => ajv.compile(schemaOf('report'))),
    dossier: once(() => ajv.compile(schemaOf('dossier'))),
    gap: ref('gap'),
    fact(value) {
      const wrong = base(value);
      if (wrong !== undefined) return wrong;
      const fact = value as { readonly type: string; readonly data: unknown };
      const shape = data.get(fact.type);
      if (shape === undefined) return `there is no fact type '${fact.type}' in this version`;
      const why = shape(fact.data);
      return why === undefined ? undefined : `${fact.type}: ${why}`;
    },
  };
}

function words(error: ErrorObject | undefined): string {
  if (error === undefined) return 'it has another shape';
  const at = error.instancePath === '' ? '' : `${error.instancePath.slice(1).replaceAll('/', '.')}: `;
  const extra = (error.params as { additionalProperty?: unknown }).additionalProperty;
  return `${at}${error.message ?? 'wrong'}${typeof extra === 'string' ? ` (${extra})` : ''}`;
}
