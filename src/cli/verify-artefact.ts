/** Asks every format that recognises an artefact what it says of its signatures. */
import { existsSync } from 'node:fs';
import type { Settings } from '../core/model/gatherer.ts';
import type { UpdateVerdict, Verifier } from '../core/model/verifier.ts';
import { type Blob, openBlob } from '../lib/blob.ts';

/** Names of publicly known keys by the fingerprint of their SPKI (hex SHA-256). */
export type SampleKeys = { readonly [fingerprint: string]: string };

export interface VerifyOptions {
  readonly settings: Pick<Settings, 'keys' | 'now'>;
  readonly sampleKeys: SampleKeys;
  readonly signal?: AbortSignal;
}

/** Suffixes of companion files are short words: no path leaves the artefact's folder. */
const SUFFIX = /^[.][A-Za-z0-9.-]{1,24}$/;

/** `location` is where the artefact lies: companions (`.sig`, `.asc`) are looked for beside it. */
export async function verifyArtefact(
  formats: readonly Verifier[],
  artefact: Blob,
  location: string,
  { settings, sampleKeys, signal = new AbortController().signal }: VerifyOptions,
): Promise<readonly UpdateVerdict[]> {
  if (artefact.size === 0) return [];
  const verdicts: UpdateVerdict[] = [];
  for (const format of formats.filter((one) => one.recognise(artefact)))
    verdicts.push(
      await format.verify(artefact, {
        keys: settings.keys,
        now: new Date(settings.now),
        signal,
        sampleKey: (fingerprint) => (Object.hasOwn(sampleKeys, fingerprint) ? sampleKeys[fingerprint] : undefined),
        companion: (suffix) => companion(location, suffix),
      }),
    );
  return verdicts;
}

function companion(location: string, suffix: string): Blob | undefined {
  const path = `${location}${suffix}`;
  return SUFFIX.test(suffix) && existsSync(path) ? openBlob(path) : undefined;
}

/** The keys of the table `known-keys`. */
export const sampleKeysOf = (table: unknown): SampleKeys => (table as { readonly keys?: SampleKeys }).keys ?? {};
