/** Parameters of checks: defaults, what a reference overrides, and where they are filled in. */
import type { Json } from '../../lib/schema.ts';
import type { Parameters } from '../model/baseline.ts';
import { nearest } from './nearest.ts';
import { type Complain, isObject, type Path } from './value-test.ts';

const typeOf = (value: Json): string => (Array.isArray(value) ? 'a list' : value === null ? 'nothing' : typeof value);

/** The defaults with what a reference gives instead; a parameter that the check does not have, or of another type, is a mistake. */
export function overrideParameters(
  defaults: Parameters,
  given: Json | undefined,
  path: Path,
  complain: Complain,
): Parameters {
  if (!isObject(given)) return defaults;
  const merged: { [name: string]: Json } = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    const usual = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (usual === undefined)
      complain([...path, name], `the check has no parameter '${name}'`, nearest(name, Object.keys(defaults)), 'key');
    else if (typeOf(usual) !== typeOf(value))
      complain(
        [...path, name],
        `parameter '${name}' must be ${typeOf(usual)}, like its default ${JSON.stringify(usual)}`,
      );
    else merged[name] = value;
  }
  return merged;
}

/** `id{name=value,…}` with names sorted; the id alone without parameters. */
export function keyOf(id: string, parameters: Parameters): string {
  const names = Object.keys(parameters).sort((a, b) => (a < b ? -1 : 1));
  const words = names.map((name) => `${name}=${inText(parameters[name] ?? null)}`);
  return words.length === 0 ? id : `${id}{${words.join(',')}}`;
}

const inText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `{name}` replaced by the parameter's value; other braces stay. */
export const fillIn = (text: string, parameters: Parameters): string =>
  text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) return whole;
    return Array.isArray(value) ? value.map((one) => inText(one as Json)).join(', ') : inText(value);
  });
export const PLACEHOLDER = /\{([a-z][A-Za-z0-9]{0,40})\}/g;

/** A condition with every `{ $param: name }` replaced by its value; `used` learns which were. */
export function substitute(raw: Json, parameters: Parameters, path: Path, complain: Complain, used: Set<string>): Json {
  if (Array.isArray(raw))
    return raw.map((item: Json, index) => substitute(item, parameters, [...path, index], complain, used));
  if (!isObject(raw)) return raw;
  const name = raw['$param'];
  if (name === undefined) {
    const entries = Object.entries(raw);
    return Object.fromEntries(
      entries.map(([key, value]) => [key, substitute(value, parameters, [...path, key], complain, used)]),
    );
  }
  const value = typeof name === 'string' && Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value === undefined) {
    complain(
      [...path, '$param'],
      `there is no parameter '${String(name)}'`,
      nearest(String(name), Object.keys(parameters)),
    );
    return null;
  }
  if (typeof name === 'string') used.add(name);
  return value;
}
