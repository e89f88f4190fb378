/** A JSON Schema written once as a value, with its TypeScript type read off it. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON Schema (draft 2020-12 subset) that describes values of type T. */
export interface Schema<T> {
  readonly json: { readonly [keyword: string]: Json };
  /** Never present at run time: carries T. */
  readonly type?: T;
}
interface OptionalSchema<T> extends Schema<T> {
  readonly optional: true;
}
export type TypeOf<S> = S extends Schema<infer T> ? T : never;

type Members = { readonly [name: string]: Schema<unknown> };
type OptionalKeys<M extends Members> = { [K in keyof M]: M[K] extends OptionalSchema<unknown> ? K : never }[keyof M];
type ObjectOf<M extends Members> = { readonly [K in Exclude<keyof M, OptionalKeys<M>>]: TypeOf<M[K]> } & {
  readonly [K in OptionalKeys<M>]?: TypeOf<M[K]>;
};

const described = (json: { [keyword: string]: Json }, description: string | undefined): { [keyword: string]: Json } =>
  description === undefined ? json : { ...json, description };

export const text = (description?: string): Schema<string> => ({ json: described({ type: 'string' }, description) });
export const whole = (description?: string): Schema<number> => ({ json: described({ type: 'integer' }, description) });
/** A number of things, a size: never below zero. */
export const count = (description?: string): Schema<number> => ({
  json: described({ type: 'integer', minimum: 0 }, description),
});
export const real = (description?: string): Schema<number> => ({ json: described({ type: 'number' }, description) });
export const yes = (description?: string): Schema<boolean> => ({ json: described({ type: 'boolean' }, description) });
export const oneOf = <const V extends string>(values: readonly V[], description?: string): Schema<V> => ({
  json: described({ enum: values }, description),
});
/** Yes or no, or looked at and not told. */
export const yesIfKnown = (description?: string): Schema<boolean | 'unknown'> => ({
  json: described({ enum: [true, false, 'unknown'] }, description),
});
export const list = <T>(item: Schema<T>, description?: string): Schema<readonly T[]> => ({
  json: described({ type: 'array', items: item.json }, description),
});
export const maybe = <T>(schema: Schema<T>): OptionalSchema<T> => ({ json: schema.json, optional: true });

/** An object with exactly these members; those wrapped in `maybe` may be absent. */
export function object<const M extends Members>(members: M, description?: string): Schema<ObjectOf<M>> {
  const entries = Object.entries(members);
  const properties = Object.fromEntries(entries.map(([name, schema]) => [name, schema.json]));
  const required = entries.filter(([, schema]) => !('optional' in schema)).map(([name]) => name);
  return { json: described({ type: 'object', additionalProperties: false, required, properties }, description) };
}
