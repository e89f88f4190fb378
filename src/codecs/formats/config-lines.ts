/** Configurations of daemons as lines with a key and a value, each grammar by itself: what is a comment, a quote, a block. */
import { uciSections } from './uci.ts';

export interface ConfigLine {
  /** In small letters where the daemon does not mind case. */
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
  /** The blocks that it stands in, outermost first; none for the file's own level. */
  readonly within: readonly string[];
}
export type Grammar = (text: string) => readonly ConfigLine[];

const BLOCKS = 32;

/** The blocks that are open, of which the outermost are named. */
class Blocks {
  readonly #names: string[] = [];
  #deeper = 0;

  get names(): readonly string[] {
    return [...this.#names];
  }
  open(name: string): void {
    if (this.#names.length < BLOCKS) this.#names.push(name);
    else this.#deeper += 1;
  }
  close(): void {
    if (this.#deeper > 0) this.#deeper -= 1;
    else this.#names.pop();
  }
}

const unquoted = (value: string): string => value.replace(/^(["'])(.*)\1$/, '$2');

/** `key value`, `key = value`; `#` and `;` begin a comment at the start of a line. */
export const plainLines: Grammar = (text) =>
  rows(text).flatMap(({ row, line }) => {
    if (row.startsWith('#') || row.startsWith(';')) return [];
    const [key = ''] = /^[\w.-]+/.exec(row) ?? [];
    const [behind = ''] = /^\s*:?=|^\s+/.exec(row.slice(key.length)) ?? [];
    if (key === '' || behind === '') return [{ key: row.toLowerCase(), value: '', line, within: [] }];
    const value = row.slice(key.length + behind.length).trim();
    return [{ key: key.toLowerCase(), value: unquoted(value.replace(/;$/, '').trimEnd()), line, within: [] }];
  });

/** The same of daemons that take a comment behind a value. */
export const commentedLines: Grammar = (text) => plainLines(text.replace(/[ \t]#.*$/gm, ''));

function rows(text: string): readonly { readonly row: string; readonly line: number }[] {
  return text
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .split('\n')
    .flatMap((raw, index) => {
      const row = raw.trim();
      return row === '' ? [] : [{ row, line: index + 1 }];
    });
}

/** sshd_config(5): a comment may follow a value, and what stands behind `Match` holds for some clients only. */
export const sshdLines: Grammar = (text) => {
  let within: readonly string[] = [];
  return rows(text).flatMap(({ row, line }) => {
    if (row.startsWith('#')) return [];
    const [, name = row, raw = ''] = /^"?([\w-]+)"?(?:\s*=\s*|\s+)(.*)$/s.exec(row) ?? [];
    const key = name.toLowerCase();
    const value = unquoted(raw.replace(/\s#.*$/s, '').trim());
    if (key === 'match') {
      within = /^all$/i.test(value) ? [] : [`Match ${value}`];
      return [];
    }
    return [{ key, value, line, within }];
  });
};

const CONTINUED = 65_536;

/** Lines that a backslash continues as one, also at the end of the file. */
function continued(text: string): ReturnType<typeof rows> {
  const whole: { readonly row: string; readonly line: number }[] = [];
  let parts: string[] = [];
  let first = 0;
  let length = 0;
  const end = (): void => {
    if (parts.length > 0) whole.push({ row: parts.join(' '), line: first });
    parts = [];
    length = 0;
  };
  for (const { row, line } of rows(text)) {
    if (parts.length === 0 && row.startsWith('#')) continue;
    if (parts.length === 0) first = line;
    const goesOn = row.endsWith('\\') && length + row.length < CONTINUED;
    parts.push(goesOn ? row.slice(0, -1) : row);
    length += row.length;
    if (!goesOn) end();
  }
  end();
  return whole;
}

/** Apache and ProFTPD: directives, lines that a backslash continues, and sections in angle brackets. */
export const apacheLines: Grammar = (text) => {
  const within = new Blocks();
  return continued(text).flatMap(({ row: whole, line: first }) => {
    if (whole.startsWith('</')) {
      within.close();
      return [];
    }
    const [, section, about = ''] = /^<(\w+)\s*([^>]*)>?/.exec(whole) ?? [];
    if (section !== undefined) {
      const line: ConfigLine = { key: `<${section.toLowerCase()}>`, value: about, line: first, within: within.names };
      within.open(`<${section} ${about}>`);
      return [line];
    }
    const [, key = whole, value = ''] = /^(\S+)\s+(.*)$/s.exec(whole) ?? [];
    return [{ key: key.toLowerCase(), value: unquoted(value), line: first, within: within.names }];
  });
};

/** Samba: sections, names of options without regard to case and spaces. */
export const sambaLines: Grammar = (text) => {
  let section = 'global';
  return rows(text).flatMap(({ row, line }) => {
    if (row.startsWith('#') || row.startsWith(';')) return [];
    const opened = /^\[(.*)\]/.exec(row)?.[1];
    if (opened !== undefined) section = opened.trim().toLowerCase();
    const at = row.indexOf('=');
    if (opened !== undefined || at < 0) return [];
    const key = row.slice(0, at).toLowerCase().replace(/\s+/g, '');
    const within = section === 'global' ? [] : [`[${section}]`];
    return [{ key, value: row.slice(at + 1).trim(), line, within }];
  });
};

/** UCI: each section is a block of its own. */
export const uciLines: Grammar = (text) =>
  uciSections(text.split('\n')).flatMap(({ type, name, start, options }) => {
    const within = [`config ${type}${name === '' ? '' : ` ${name}`}`, `${start}`];
    return [
      { key: `<${type}>`, value: name, line: start, within },
      ...options.map(({ option, value, line }) => ({ key: option.toLowerCase(), value, line, within })),
    ];
  });

/** hostapd: case counts, nothing stands around `=`, and each `bss` is an access point of its own. */
export const hostapdLines: Grammar = (text) => {
  let within: readonly string[] = [];
  return rows(text).flatMap(({ row, line }) => {
    const at = row.indexOf('=');
    if (row.startsWith('#') || at < 0) return [];
    const key = row.slice(0, at);
    const value = row.slice(at + 1);
    if (key === 'bss') within = [`bss ${value}`];
    return [{ key, value, line, within }];
  });
};

interface Token {
  readonly word: string;
  readonly line: number;
  readonly quoted: boolean;
}

/** Words, quoted strings and the signs of a grammar with braces; comments are left out. */
function tokensOf(text: string, signs: RegExp): readonly Token[] {
  const tokens: Token[] = [];
  let quotes = `"'`;
  let shape = shapeOf(signs, quotes);
  let line = 1;
  for (let match = shape.exec(text); match !== null; match = shape.exec(text)) {
    const [word] = match;
    const [first = ''] = word;
    if (word === '\n') {
      line += 1;
      tokens.push({ word, line: line - 1, quoted: false });
    } else if (quotes.includes(first) && (match[1] ?? match[2]) === '') {
      // It ends nowhere, and so does none of its kind behind it: each stands for itself.
      quotes = quotes.replace(first, '');
      shape = shapeOf(signs, quotes);
      shape.lastIndex = match.index + 1;
      tokens.push({ word: first, line, quoted: false });
    } else if (first !== '#') {
      const quoted = quotes.includes(first);
      tokens.push({ word: quoted ? word.slice(1, -1) : word, line, quoted });
      line += quoted ? word.split('\n').length - 1 : 0;
    }
  }
  return tokens;
}

/** The next token; of the quotes that are taken for some the end is caught, empty where there is none. */
function shapeOf(signs: RegExp, quotes: string): RegExp {
  const [double, single] = [`"`, `'`].map((sign) =>
    quotes.includes(sign) ? `${sign}(?:[^${sign}\\\\]|\\\\[^])*(${sign}?)` : '(?!)()',
  );
  const words = `[^\\s${BREAKS}"'#][^\\s${BREAKS}"']*`;
  return new RegExp(`\\n|#[^\\n]*|${double}|${single}|${signs.source}|${words}|["']`, 'g');
}
const BREAKS = '{}();,=';

/** nginx: directives end at `;`, blocks stand in braces, line ends mean nothing. */
export const nginxLines: Grammar = (text) => {
  const lines: ConfigLine[] = [];
  const within = new Blocks();
  let words: Token[] = [];
  for (const token of tokensOf(text, /[{};]/)) {
    const sign = token.quoted ? '' : token.word;
    if (sign === '\n') continue;
    if (sign !== ';' && sign !== '{' && sign !== '}') {
      words.push(token);
      continue;
    }
    const [first, ...rest] = words;
    const value = rest.map(({ word }) => word).join(' ');
    if (first !== undefined) {
      const key = sign === '{' ? `<${first.word}>` : first.word;
      lines.push({ key, value, line: first.line, within: within.names });
    }
    if (sign === '{') within.open(`${first?.word ?? ''} ${value}#${token.line}`.trim());
    if (sign === '}') within.close();
    words = [];
  }
  return lines;
};

/** lighttpd: `key = value` over several lines where brackets are open, and conditions with blocks in braces. */
export const lighttpdLines: Grammar = (text) => {
  const lines: ConfigLine[] = [];
  const within = new Blocks();
  let open = 0;
  let key: Token | undefined;
  let value: string[] = [];
  const end = (): void => {
    if (key !== undefined) lines.push({ key: key.word, value: value.join(' '), line: key.line, within: within.names });
    key = undefined;
    value = [];
  };
  const tokens = tokensOf(text, /=>|\+=|:=|==|=~|!=|!~|=\^|=\$|[{}()=,]/);
  for (const [index, token] of tokens.entries()) {
    const sign = token.quoted ? '' : token.word;
    const next = tokens[index + 1];
    if (sign === '(') open += 1;
    if (sign === ')') open = Math.max(0, open - 1);
    // Several settings may stand on one line.
    const isKey = open === 0 && !token.quoted && next?.quoted === false && /^(=|\+=|:=)$/.test(next.word);
    if (sign === '\n' ? open === 0 && value.length > 0 && !/^(=|\+=|:=)$/.test(tokens[index - 1]?.word ?? '') : isKey)
      end();
    if (sign === '{') {
      within.open([key?.word ?? '', ...value].join(' ').trim());
      key = undefined;
      value = [];
    } else if (sign === '}') {
      end();
      within.close();
    } else if (sign !== '\n' && !(value.length === 0 && key !== undefined && /^(=|\+=|:=)$/.test(sign))) {
      if (key === undefined) key = token;
      else value.push(token.word);
    }
  }
  end();
  return lines;
};
