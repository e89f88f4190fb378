/** The open blocks of a shell script: conditions, loops, functions and groups of commands. POSIX.1 §2.9. */

export interface Block {
  readonly kind: 'if' | 'case' | 'loop' | 'function' | 'group' | 'subshell';
  readonly condition: string | undefined;
  /** Of a function. */
  readonly name?: string;
  /** Of `for NAME in VALUES`. */
  readonly loop?: { readonly name: string; readonly values: readonly string[] };
  /** Of a case: the word it switches on. */
  readonly word?: string;
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
