/** Credentials for services in an image, by forms that say whose they are; checksums and structure prove them where there are any. */

import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { placesOf } from '../../../core/model/places.ts';
import { secretToken } from '../../../facts/index.ts';
import { type Blob, textIn } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { entropyOf, isExamplePlace, lineCounter, looksMade, masked, maySearch } from './tell.ts';
import { clearOf, FORMS, PUBLISHED, type TokenForm } from './token-forms.ts';

const MAX_FOUND = 200;

export const secretsTokens: Analyzer = {
  id: 'secrets/tokens',
  title: 'Credentials for services',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretToken],
  words: () => ANCHORS,
  wants: maySearch,
  observe(file, content, context) {
    let found = 0;
    const lineAt = lineCounter(content);
    for (const { form, offset, secret } of allIn(content, context)) {
      if (found === MAX_FOUND) throw new FaultError('over-budget', `more than ${MAX_FOUND} credentials in one file`);
      const place = (): Place => {
        const line = lineAt?.(offset);
        return line === undefined ? { offset } : { line };
      };
      if (tell(form, secret, place, file, context)) found += 1;
    }
  },
};

function* allIn(content: Blob, context: AnalyzerContext): Generator<Occurrence & { readonly form: TokenForm }> {
  const places = new Map(ANCHORS.map((anchor) => [anchor, placesOf(anchor, context)]));
  const seen = new Set<string>();
  for (const form of FORMS)
    for (const one of occurrences(content, form, places.get(form.anchor) ?? [], seen)) yield { form, ...one };
}

const ANCHORS = [...new Set(FORMS.map(({ anchor }) => anchor))];

interface Occurrence {
  readonly offset: number;
  readonly secret: string;
}

/** Amid a longer word it is chance: base64 holds every four letters sooner or later. */
const isAmid = (content: Blob, at: number, anchor: string): boolean =>
  at > 0 && anchor !== 'k_live_' && !anchor.includes('.com') && /[A-Za-z0-9+/_-]/.test(textIn(content, at - 1, 1));

function* occurrences(
  content: Blob,
  form: TokenForm,
  places: Iterable<number>,
  seen: Set<string>,
): Generator<Occurrence> {
  for (const at of places) {
    if (form.back === undefined && isAmid(content, at, form.anchor)) continue;
    const from = Math.max(0, at - (form.back ?? 0));
    const secret = form.shape.exec(textIn(content, from, form.length ?? 160))?.[1];
    if (secret === undefined || seen.has(secret)) continue;
    seen.add(secret);
    yield { offset: at, secret };
  }
}

type Place = { readonly line: number } | { readonly offset: number };

/** Lines are counted only up to what is told: most that looks like a token is none. */
function tell(
  form: TokenForm,
  secret: string,
  placeOf: () => Place,
  file: FileEntry,
  context: AnalyzerContext,
): boolean {
  const entropy = entropyOf(secret);
  const confidence = form.prove === undefined ? 'likely' : form.prove(secret, Date.parse(context.settings.now));
  if (confidence === undefined) return false;
  const place = placeOf();
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
