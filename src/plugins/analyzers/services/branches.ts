/** Scripts that both branches of a test run hang on nothing. */

export class Branches {
  readonly #conditions = new Map<string, string>();

  /** What a script hangs on, by the condition under which it was come to before. */
  settle(path: string, condition: string | undefined): string | undefined {
    const before = this.#conditions.get(path);
    if (condition === undefined || (before !== undefined && areOpposite(before, condition))) return undefined;
    if (before === undefined) this.#conditions.set(path, condition);
    return condition;
  }
}

const areOpposite = (one: string, other: string): boolean => one === `not (${other})` || other === `not (${one})`;
