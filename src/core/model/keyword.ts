/** A word of the condition language beyond JSON Schema. */
import type { Json } from '../../lib/schema.ts';

export interface Keyword {
  /** As written in YAML: `tlsAtLeast`. */
  readonly name: string;
  readonly title: string;
  /** JSON Schema of its operand. */
  readonly operand: { readonly [keyword: string]: Json };
  /** Whether a member's value satisfies it. `at` is the date of judgement (ISO 8601). Never throws. */
  satisfies(
    value: unknown,
    operand: unknown,
    context: { readonly at: string; knowledge(id: string): unknown },
  ): boolean;
}
