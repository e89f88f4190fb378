/** Tells the keys that clients and loaders trust: which, how strong, until when, and whether others can sign with them. */
import type { KeyMaterial } from '../../../codecs/signatures/key-material.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { keyPrivate, updateTrustedKey } from '../../../facts/index.ts';

export interface Trusted {
  readonly tool: string;
  readonly file: FileEntry;
  readonly key: KeyMaterial;
}

/** `secrets`: fingerprints of public halves whose private ones lie in the image, beside those that are facts already. */
export function tellKeys(trusted: readonly Trusted[], secrets: ReadonlySet<string>, context: AnalyzerContext): void {
  const samples = samplesOf(context.knowledge('sample-keys'));
  const shipped = new Set(context.facts.of(keyPrivate).map(({ data }) => data.spki));
  const told = new Set<string>();
  for (const one of trusted) {
    const { tool, file, key } = one;
    const mark = `${tool} ${file.path} ${key.fingerprint}`;
    if (told.has(mark)) continue;
    told.add(mark);
    const known = shipped.has(key.fingerprint) || secrets.has(key.fingerprint);
    tell(one, samples.get(key.fingerprint), known, context);
  }
}

function tell(
  { tool, file, key }: Trusted,
  sample: string | undefined,
  shipped: boolean,
  context: AnalyzerContext,
): void {
  const { type, bits, fingerprint, expires } = key;
  context.emit(
    updateTrustedKey,
    {
      tool,
      file: file.name,
      type,
      ...(bits === undefined ? {} : { bits }),
      fingerprint,
      ...(sample === undefined ? {} : { sampleKey: sample }),
      privateInImage: shipped,
      ...(expires === undefined ? {} : { expires, expired: Date.parse(expires) < Date.parse(context.settings.now) }),
    },
    { subject: { kind: 'file', path: file.path } },
  );
}

function samplesOf(table: unknown): ReadonlyMap<string, string> {
  const { keys = [] } = table as { readonly keys?: readonly { readonly name: string; readonly sha256: string }[] };
  return new Map(keys.map(({ name, sha256 }) => [sha256, name]));
}
