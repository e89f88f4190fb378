/** What the secrets analyzers share: masking, randomness, and what is plainly an example. */
import { type FileEntry, seenAt } from '../../../core/model/files.ts';
import type { Blob } from '../../../lib/blob.ts';

export const maySearch = (file: FileEntry): boolean =>
  file.type === 'file' &&
  file.linkTo === undefined &&
  file.size >= 8 &&
  !/\.(gz|xz|bz2|png|jpe?g|gif|woff2?|ttf|mp3|wav|h264|zip)$/i.test(file.name);

/** First and last two characters and the length: `AK…Q4 (20)`. */
export const masked = (secret: string): string => `${secret.slice(0, 2)}…${secret.slice(-2)} (${secret.length})`;

/** Shannon's entropy in bits for each character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return Math.round(bits * 100) / 100;
}

/** Folders of documentation, tests and samples. */
export const isExamplePlace = (file: Pick<FileEntry, 'name' | 'path'>): boolean => {
  const name = seenAt(file);
  return (
    /\/(docs?|man|info|examples?|samples?|tests?|testdata|demos?|locale|i18n)\//i.test(name) ||
    /(README|CHANGELOG|\.(md|rst|txt|po|1|5|8))$/i.test(name)
  );
};

/** Words and runs that nobody's secret has. */
export const looksMade = (text: string): boolean =>
  /example|sample|dummy|john doe|test|changeme|xxxx|placeholder|your[_-]?|1234567|abcdef|0000000|\*\*\*|<|>|\$\{|\{\{|%s/i.test(
    text,
  );

/** Trees of a router's settings, and those that an unpacker opened. */
const MARKUP =
  /\/([\w-]*(ctree|default|config|settings|db_\w{1,24}|rom\w{0,8})[\w-]*\.(xml|conf|cfg)|(psi|lastgood)\.xml)$|!(tplink|zte)-settings\b[^!/]*\/settings\.xml$/i;
export const isMarkupSettings = (file: FileEntry): boolean => MARKUP.test(file.name) || MARKUP.test(file.path);

/** Counts lines up to places, at least cost where they are asked for in order; undefined for what is no text. */
export function lineCounter(content: Blob): ((offset: number) => number) | undefined {
  if (content.read(0, 512).includes(0)) return undefined;
  let [line, counted] = [1, 0];
  return (offset) => {
    if (offset < counted) [line, counted] = [1, 0];
    for (; counted < offset; counted += PIECE) {
      const piece = content.read(counted, Math.min(PIECE, offset - counted));
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) line += 1;
    }
    counted = offset;
    return line;
  };
}
const PIECE = 1 << 20;
