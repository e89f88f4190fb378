/** Text for people: foreign text made harmless, wrapping, columns, plurals. */

/** Characters that a terminal or a reader may obey or hide: controls, bidirectional and invisible ones, line separators. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const PLAIN = /^[ -~]*$/;

/** Foreign text for one line of a terminal: control, bidirectional and invisible characters shown as `\x1b` or `\u202e`, at most `limit` characters. */
export function safeText(text: string, limit = 400): string {
  const shown = text.length > limit ? `${text.slice(0, limit)}…` : text;
  // Nearly every text is plain, and this is asked of every cell of every format.
  if (PLAIN.test(shown)) return shown;
  return shown.replace(HOSTILE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** A text without half surrogate pairs, which neither UTF-8 nor `encodeURIComponent` can write. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/** Lines of at most `width` columns, broken at spaces; a longer word is cut. Every line but the first is indented by `hang` spaces. */
export function wrap(text: string, width: number, hang = 0): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, Math.max(8, width - hang)))) {
    const candidate = line === '' ? word : `${line} ${word}`;
    if (candidate.length > width && line !== '') {
      lines.push(line);
      line = ' '.repeat(hang) + word;
    } else line = candidate;
  }
  lines.push(line);
  return lines;
}

function pieces(word: string, width: number): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < word.length; at += width) parts.push(word.slice(at, at + width));
  return parts.length === 0 ? [''] : parts;
}

/** `1 control`, `3 controls`; `many` where the plural is not the singular with an s. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** A size in bytes with a binary unit: `68.2 MiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}

/**
 * Foreign text that is text and nothing else in Markdown: no markup, link, mention, reference, emoji or HTML comes of it.
 * An entity is never read as syntax (CommonMark §6.2, GFM tables included).
 */
export const inertMarkdown = (text: string, limit = 600): string =>
  safeText(text, limit).replace(/[\\`*_{}[\]<>#!|~@:&$^"]|\bwww\./g, (one) =>
    [...one].map((character) => `&#${character.charCodeAt(0)};`).join(''),
  );

/** The same for pages that are read as source too: a colon or a quotation mark that no address follows stays as it is. */
export const inertPage = (shown: string): string =>
  shown
    .replace(/[\\`*_{}[\]<>|~#@!&$]|\bwww\./g, (one) =>
      [...one].map((character) => `&#${character.charCodeAt(0)};`).join(''),
    )
    .replaceAll('://', '&#58;//');
