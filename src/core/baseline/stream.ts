/** YAML text → one document, by a bounded number of lexemes and faults, whatever the text. */
import type { Document, LineCounter } from 'yaml';

type Yaml = typeof import('yaml');

/**
 * The most lexemes that are read of one text. Each costs the parser microseconds however short it is; the largest document
 * that ships has 40,000, and a megabyte of punctuation would have a million.
 */
export const LEXEME_LIMIT = 200_000;
/** After so many faults the rest of a text is not read. */
export const FAULT_LIMIT = 100;

export interface Parsed {
  readonly document: Document.Parsed;
  /** Lexemes that were read. */
  readonly lexemes: number;
  /** Whether the text went on after the last lexeme that may be read, and where. */
  readonly cutAt?: number;
}

/** `uniqueKeys` of the parser compares every pair of keys: `document.ts` does it in one walk. */
const OPTIONS = {
  version: '1.2',
  schema: 'core',
  strict: true,
  uniqueKeys: false,
  prettyErrors: false,
} as const;

/** Parses text that must hold one document; a second one is a fault of the first. `lines` learns where lines begin. */
export function parseBounded(yaml: Yaml, text: string, lines: LineCounter): Parsed {
  const reading = { lexemes: 0, offset: 0, cut: false };
  const composer = new yaml.Composer(OPTIONS);
  const composed = composer.compose(tokensOf(yaml, text, lines, reading), true, text.length);
  const [document, second] = [composed.next().value, composed.next().value];
  // The composer gives one document at least, asked for by its second argument.
  if (!(document instanceof yaml.Document)) throw new TypeError('the parser gave no document');
  if (second instanceof yaml.Document) {
    const [start, end] = second.range;
    document.errors.push(new yaml.YAMLParseError([start, end], 'MULTIPLE_DOCS', 'the file holds multiple documents'));
  }
  const { lexemes, offset, cut } = reading;
  return { document: document as Document.Parsed, lexemes, ...(cut ? { cutAt: offset } : {}) };
}

/** The parser's tokens until the text, the lexemes or the patience for faults end. */
function* tokensOf(
  yaml: Yaml,
  text: string,
  lines: LineCounter,
  reading: { lexemes: number; offset: number; cut: boolean },
): Generator<import('yaml').CST.Token, void> {
  const parser = new yaml.Parser(lines.addNewLine);
  lines.addNewLine(0);
  let faults = 0;
  for (const lexeme of new yaml.Lexer().lex(text)) {
    if (reading.lexemes === LEXEME_LIMIT) {
      reading.cut = true;
      return;
    }
    reading.lexemes += 1;
    reading.offset += lexeme.length;
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === 'error') faults += 1;
      if (faults === FAULT_LIMIT) return;
    }
  }
  yield* parser.end();
}
