/** Asks every format that recognises an artefact what it says of its signatures. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { type Blob, type FileBlob, openBlob } from '../../lib/blob.ts';
import { FaultError, faultOf } from '../../lib/fault.ts';
import { union, without } from '../../lib/ranges.ts';
import type { Settings } from '../model/gatherer.ts';
import type { TrustedKey, UpdateVerdict, Verifier, VerifyContext } from '../model/verifier.ts';

/** Names of publicly known keys by the fingerprint of their SPKI (hex SHA-256). */
export type SampleKeys = { readonly [fingerprint: string]: string };

export interface VerifyOptions {
  readonly settings: Pick<Settings, 'keys' | 'now'>;
  readonly sampleKeys: SampleKeys;
  /** Public halves of published signing keys. */
  readonly samples?: readonly TrustedKey[];
  readonly signal?: AbortSignal;
  /** Threads for what takes long. */
  readonly job?: VerifyContext['job'];
}

/** Suffixes of companion files are short words: no path leaves the artefact's folder. */
const SUFFIX = /^[.][A-Za-z0-9.-]{1,24}$/;

/** Parts of a path to another file of the delivery: no leading dot, so none leads up. */
const PART = /^[A-Za-z0-9_+][A-Za-z0-9_.+~:%@=-]{0,200}$/;
const MOST_SIBLINGS = 512;

/** `location` is where the artefact lies: companions (`.sig`, `.asc`) are looked for beside it. */
export async function verifyArtefact(
  formats: readonly Verifier[],
  artefact: Blob,
  location: string,
  { settings, sampleKeys, samples = [], signal = new AbortController().signal, job }: VerifyOptions,
): Promise<readonly UpdateVerdict[]> {
  if (artefact.size === 0) return [];
  const opened: FileBlob[] = [];
  const open = (path: string): FileBlob => {
    const blob = openBlob(path);
    opened.push(blob);
    return blob;
  };
  const context: VerifyContext = {
    keys: settings.keys,
    samples,
    now: new Date(settings.now),
    signal,
    ...(job === undefined ? {} : { job }),
    name: basename(location),
    sampleKey: (fingerprint) => (Object.hasOwn(sampleKeys, fingerprint) ? sampleKeys[fingerprint] : undefined),
    companion(suffix) {
      const path = `${location}${suffix}`;
      if (!SUFFIX.test(suffix) || !existsSync(path)) return undefined;
      return open(path);
    },
    sibling(path) {
      const place = opened.length < MOST_SIBLINGS ? siblingOf(location, path) : undefined;
      return place === undefined ? undefined : open(place);
    },
  };
  try {
    const verdicts: UpdateVerdict[] = [];
    for (const format of formats.filter((one) => recognises(one, artefact, context)))
      verdicts.push(
        unprotected(await format.verify(artefact, context).catch((error: unknown) => failed(format, error))),
      );
    return verdicts.filter((one) => !spokenFor(one, verdicts));
  } finally {
    for (const blob of opened) blob.close();
  }
}

/** A counter that nothing signs is only a number. */
const unprotected = (one: UpdateVerdict): UpdateVerdict =>
  one.signed || one.rollback === undefined ? one : { ...one, rollback: { ...one.rollback, protected: false } };

/** A file of the same delivery, in the artefact's folder or below; no link leads out of it. */
function siblingOf(location: string, path: string): string | undefined {
  const parts = path.split('/');
  if (parts.length > 8 || !parts.every((part) => PART.test(part))) return undefined;
  return [dirname(location), archiveOf(location)]
    .filter((folder) => folder !== undefined)
    .map((folder) => placeIn(folder, parts))
    .find((place) => place !== undefined);
}

function placeIn(folder: string, parts: readonly string[]): string | undefined {
  const place = join(folder, ...parts);
  if (!existsSync(place) || !statSync(place).isFile()) return undefined;
  return realpathSync(place).startsWith(`${realpathSync(folder)}${sep}`) ? place : undefined;
}

/** The top of an archive of apt, whose packages lie in a pool above the `Release` (`dists/SUITE/InRelease`). */
function archiveOf(location: string): string | undefined {
  const [file = '', suite, dists] = location.split(sep).reverse();
  return /^(In)?Release$/.test(file) && suite !== undefined && dists === 'dists'
    ? dirname(dirname(dirname(location)))
    : undefined;
}

/** An image within, unsigned by itself, whose payload lies wholly in what another format's signature covers. */
function spokenFor(one: UpdateVerdict, all: readonly UpdateVerdict[]): boolean {
  if (
    one.signed ||
    one.updateByNature ||
    one.uncovered.length === 0 ||
    one.faults.length > 0 ||
    one.integrity.some(({ holds }) => !holds)
  )
    return false;
  return all.some(
    (other) => other.signed && one.uncovered.every((range) => without(range, union(other.covered)).length === 0),
  );
}

/** What cannot even be looked at is of another format. */
function recognises(format: Verifier, artefact: Blob, context: VerifyContext): boolean {
  try {
    return format.recognise(artefact, context);
  } catch (error) {
    if (error instanceof FaultError) return false;
    throw error;
  }
}

/** A format that recognised an artefact and could not go through with it: nothing is known, and that is told. */
function failed(format: Verifier, error: unknown): UpdateVerdict {
  const fault = faultOf(error);
  if (fault.kind === 'stopped') throw error;
  return {
    format: format.id,
    title: format.title,
    updateByNature: false,
    signed: false,
    signatures: [],
    covered: [],
    uncovered: [],
    framing: [],
    integrity: [],
    broken: [],
    encrypted: fault.kind === 'encrypted',
    hardware: [],
    faults: [fault],
    notes: [],
  };
}

/** The keys of the table `known-keys`. */
export const sampleKeysOf = (table: unknown): SampleKeys => (table as { readonly keys?: SampleKeys }).keys ?? {};

/** The table `sample-keys`: public halves of published signing keys, by name. */
export function samplesOf(table: unknown): readonly TrustedKey[] {
  const { keys = [] } = table as { readonly keys?: readonly { readonly name: string; readonly spki: string }[] };
  return keys.map(({ name, spki }) => ({ name, kind: 'spki', bytes: new Uint8Array(Buffer.from(spki, 'base64')) }));
}
/** The names in `sample-keys` by the fingerprint of each key. */
export function sampleNamesOf(table: unknown): SampleKeys {
  const { keys = [] } = table as { readonly keys?: readonly { readonly name: string; readonly sha256: string }[] };
  return Object.fromEntries(keys.map(({ name, sha256 }) => [sha256, name]));
}
