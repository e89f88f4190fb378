/** The open blocks of a shell script: conditions, loops, functions and groups of commands. POSIX.1 §2.9. */

export interface Block {
  readonly kind: 'if' | 'case' | 'loop' | 'function' | 'group' | 'subshell';
  readonly condition: string | undefined;
  /** Of a function. */
  readonly name?: string;
  /** Of `for NAME in VALUES`. */
  readonly loop?: { readonly name: string; readonly values: readonly string[] };
  /** Of a case: the word it switches on, and what the files of a loop end in whose branch this is. */
  readonly word?: string;
  readonly ending?: string;
}

/** Which blocks a word ends. */
export const CLOSES: { readonly [word: string]: readonly Block['kind'][] } = {
  fi: ['if'],
  esac: ['case'],
  done: ['loop'],
  '}': ['function', 'group'],
  ')': ['subshell'],
};

/** The loop whose variable a text names. */
export const loopNamed = (text: string, blocks: readonly Block[]): Block['loop'] =>
  blocks.findLast(({ loop }) => loop !== undefined && mentions(text, loop.name))?.loop;
export const mentions = (text: string, name: string): boolean =>
  text.includes(`$${name}`) || text.includes(`\${${name}}`);

export const functionIn = (blocks: readonly Block[]): string | undefined =>
  blocks.findLast(({ kind }) => kind === 'function')?.name;

/** Of the files of a loop those that a branch for scripts to be read takes. */
export function endingIn(values: readonly string[], blocks: readonly Block[]): readonly string[] {
  const ending = blocks.findLast(({ kind }) => kind === 'case')?.ending ?? '';
  if (ending === '') return values;
  return values.flatMap((value) => (value.endsWith('*') ? [value + ending] : value.endsWith(ending) ? [value] : []));
}
