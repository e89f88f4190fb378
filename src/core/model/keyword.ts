/** A word of the condition language beyond JSON Schema. */
import type { Json } from '../../lib/schema.ts';

export interface KeywordContext {
  /** The date of judgement, ISO 8601. */
  readonly at: string;
  /** All members of the fact, for words that need a neighbour (a key's strength hangs on its type). */
  readonly data?: { readonly [member: string]: unknown };
  knowledge(id: string): unknown;
}

export interface Keyword {
  /** As written in YAML: `tlsAtLeast`. */
  readonly name: string;
  /** Reads as «expected TITLE OPERAND»: `a TLS version of at least`. */
  readonly title: string;
  /** JSON Schema of its operand: type, enum, minimum, items. */
  readonly operand: { readonly [keyword: string]: Json };
  /** JSON types of the members that it can stand at. */
  readonly suits: readonly ('string' | 'number')[];
  /** What is wrong with an operand that its schema can't say, such as a data table that there is not. */
  complaint?(operand: unknown, context: Pick<KeywordContext, 'knowledge'>): string | undefined;
  /** Texts on each side of what it tells apart, for the lint of what can never hold; none where that can't be said. */
  samples?(operand: unknown, at: string): readonly string[];
  /** Whether a member's value satisfies it. Never throws; what does not suit the word does not satisfy it. */
  satisfies(value: unknown, operand: unknown, context: KeywordContext): boolean;
}
