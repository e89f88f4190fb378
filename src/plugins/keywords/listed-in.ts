/** A text that stands in a list of a data table: `table/member`. */
import type { Keyword, KeywordContext } from '../../core/model/keyword.ts';

const cache = new WeakMap<object, Map<string, ReadonlySet<string>>>();

/** The names of a list: texts, or entries with `name` or `names`. */
function namesOf(list: readonly unknown[]): ReadonlySet<string> {
  const names = list.flatMap((entry) => {
    if (typeof entry === 'string') return [entry];
    const { name, names: several } = (entry ?? {}) as { readonly name?: unknown; readonly names?: unknown };
    return [name, ...(Array.isArray(several) ? several : [])].filter((one) => typeof one === 'string');
  });
  return new Set(names as readonly string[]);
}

/** The names in a list of a table, or what is wrong with the reference. */
function look(operand: unknown, knowledge: KeywordContext['knowledge']): ReadonlySet<string> | string {
  const [id = '', member = ''] = typeof operand === 'string' ? operand.split('/') : [];
  if (id === '' || member === '') return 'it is written table/member';
  let table: unknown;
  try {
    table = knowledge(id);
  } catch {
    return `there is no data table '${id}'`;
  }
  const list = (table as { readonly [key: string]: unknown } | null)?.[member];
  if (!Array.isArray(list)) return `data table '${id}' has no list '${member}'`;
  const lists = cache.get(table as object) ?? new Map<string, ReadonlySet<string>>();
  cache.set(table as object, lists);
  const names = lists.get(member) ?? namesOf(list);
  lists.set(member, names);
  return names;
}

export const listedIn: Keyword = {
  name: 'listedIn',
  title: 'listed in',
  operand: { type: 'string' },
  suits: ['string'],
  complaint(operand, { knowledge }) {
    const names = look(operand, knowledge);
    return typeof names === 'string' ? names : undefined;
  },
  satisfies(value, operand, { knowledge }) {
    const names = look(operand, knowledge);
    return typeof names !== 'string' && typeof value === 'string' && names.has(value);
  },
};
