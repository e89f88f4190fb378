/** The data types of OSCAL 1.2.1 and the names that refer to one another: texts that fit them, UUIDs, origins. */
import { safeText } from '../../../lib/text.ts';
import { uuidOf } from '../../../lib/uuid.ts';

/** Namespace of the properties that are assay's own. */
export const NAMESPACE = 'urn:x-assay:oscal';

export interface Property {
  readonly name: string;
  readonly ns: string;
  readonly value: string;
}

/** StringDatatype: one line, no space at either end, never empty. */
export function line(text: string, limit = 2000): string {
  const shown = safeText(text, limit).trim();
  return shown === '' ? '-' : shown;
}

/** MarkupLine and MarkupMultiline are Markdown: what foreign text could say with it is escaped. */
export const markup = (text: string, limit = 2000): string =>
  line(text, limit).replaceAll(/[\\`*[\]<>&~^{}]/g, (character) => `\\${character}`);

/** TokenDatatype: letters, digits, dot, hyphen and underscore, a letter or underscore first. */
export function token(text: string): string {
  const shown = text.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
  return /^[A-Za-z_]/.test(shown) ? shown : `_${shown}`;
}

export const property = (name: string, value: string): Property => ({ name, ns: NAMESPACE, value: line(value) });

/** A list that OSCAL wants absent rather than empty. */
export const listed = <K extends string, V>(name: K, list: readonly V[]): { readonly [k in K]?: readonly V[] } =>
  list.length === 0 ? {} : ({ [name]: list } as unknown as { readonly [k in K]: readonly V[] });

/** The tool as a component; the same release is the same component everywhere. */
export const toolUuid = (tool: { readonly name: string; readonly version: string }): string =>
  uuidOf('oscal', 'tool', tool.name, tool.version);

/** Somebody who looked or attested: the same name is the same person. */
export const partyUuid = (name: string): string => uuidOf('oscal', 'party', name);

export const originOf = (tool: { readonly name: string; readonly version: string }): object => ({
  actors: [{ type: 'tool', 'actor-uuid': toolUuid(tool) }],
});
