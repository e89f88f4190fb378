/** Credentials for services in an image, by forms that say whose they are; checksums and structure prove them where there are any. */

import { windowsOf } from '../../../codecs/formats/windows.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { secretToken } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { Words } from '../../../lib/words.ts';
import { entropyOf, isExamplePlace, looksMade, masked, maySearch } from './tell.ts';
import { clearOf, FORMS, PUBLISHED, type TokenForm } from './token-forms.ts';

/** Places of one anchor that are looked at; base64 holds every four letters once in 16 MiB. */
const MAX_TRIES = 200_000;
const MAX_FOUND = 200;

export const secretsTokens: Analyzer = {
  id: 'secrets/tokens',
  title: 'Credentials for services',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretToken],
  wants: maySearch,
  observe(file, content, context) {
    const seen = new Set<string>();
    let found = 0;
    for (const { base, buffer } of windowsOf(content)) {
      for (const { form, offset, secret } of allIn(buffer, seen)) {
        if (found === MAX_FOUND) throw new FaultError('over-budget', `more than ${MAX_FOUND} credentials in one file`);
        const place = placeOf(buffer, base, offset);
        if (tell(form, secret, place, file, context)) found += 1;
      }
    }
  },
};

/** The line in a text, the place in everything else. */
const placeOf = (buffer: Buffer, base: number, offset: number): { line: number } | { offset: number } =>
  base === 0 && !buffer.subarray(0, 512).includes(0) ? { line: lineAt(buffer, offset) } : { offset: base + offset };

const ANCHORS = [...new Set(FORMS.map(({ anchor }) => anchor))];
const anchors = new Words(ANCHORS);

function* allIn(buffer: Buffer, seen: Set<string>): Generator<Occurrence & { readonly form: TokenForm }> {
  const places = new Map<string, number[]>(ANCHORS.map((anchor) => [anchor, []]));
  anchors.find(buffer, (word, at) => {
    const anchor = ANCHORS[word] ?? '';
    const list = places.get(anchor);
    if (list?.length === MAX_TRIES) throw new FaultError('over-budget', `more than ${MAX_TRIES} places of ${anchor}`);
    list?.push(at);
  });
  for (const form of FORMS)
    for (const one of occurrences(buffer, form, places.get(form.anchor) ?? [], seen)) yield { form, ...one };
}

interface Occurrence {
  readonly offset: number;
  readonly secret: string;
}

/** Amid a longer word it is chance: base64 holds every four letters sooner or later. */
const isAmid = (buffer: Buffer, at: number, anchor: string): boolean =>
  at > 0 &&
  anchor !== 'k_live_' &&
  !anchor.includes('.com') &&
  /[A-Za-z0-9+/_-]/.test(String.fromCharCode(buffer[at - 1] ?? 0));

function* occurrences(
  buffer: Buffer,
  form: TokenForm,
  places: readonly number[],
  seen: Set<string>,
): Generator<Occurrence> {
  for (const at of places) {
    if (form.back === undefined && isAmid(buffer, at, form.anchor)) continue;
    const from = Math.max(0, at - (form.back ?? 0));
    const secret = form.shape.exec(buffer.toString('latin1', from, from + (form.length ?? 160)))?.[1];
    if (secret === undefined || seen.has(secret)) continue;
    seen.add(secret);
    yield { offset: at, secret };
  }
}

function tell(
  form: TokenForm,
  secret: string,
  place: { readonly line: number } | { readonly offset: number },
  file: FileEntry,
  context: AnalyzerContext,
): boolean {
  const entropy = entropyOf(secret);
  const confidence = form.prove === undefined ? 'likely' : form.prove(secret, Date.parse(context.settings.now));
  if (confidence === undefined) return false;
  const example =
    PUBLISHED.has(secret) || looksMade(clearOf(form.kind, secret)) || entropy < form.entropy || isExamplePlace(file);
  context.emit(
    secretToken,
    {
      kind: form.kind,
      file: file.name,
      ...place,
      masked: masked(secret),
      confidence,
      example,
      entropy,
    },
    { where: 'line' in place ? `line ${place.line}` : `offset 0x${place.offset.toString(16)}` },
  );
  return true;
}

function lineAt(buffer: Buffer, offset: number): number {
  let line = 1;
  for (let at = buffer.indexOf(10); at !== -1 && at < offset; at = buffer.indexOf(10, at + 1)) line += 1;
  return line;
}
