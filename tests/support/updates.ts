/** Judges update artefacts in memory, as `verify-update` does. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readTrustedKeys } from '../../src/cli/trusted-key.ts';
import { overall, type TrustedKey, type UpdateVerdict } from '../../src/core/model/verifier.ts';
import { type VerifyCode, verifyCode } from '../../src/core/updates/exit.ts';
import { sampleNamesOf, samplesOf, verifyArtefact } from '../../src/core/updates/verify.ts';
import { memoryBlob } from '../../src/lib/blob.ts';
import * as verifiers from '../../src/plugins/verifiers/index.ts';

export const FOLDER = 'fixtures/updates';
export const artefact = (name: string): Uint8Array => new Uint8Array(readFileSync(join(FOLDER, name)));
export const keyOf = (name: string): readonly TrustedKey[] => readTrustedKeys(join(FOLDER, name));

export interface Judging {
  readonly keys?: readonly TrustedKey[];
  readonly name?: string;
  readonly now?: string;
  readonly companions?: { readonly [suffix: string]: Uint8Array };
  /** Other files of the delivery, by path. */
  readonly siblings?: { readonly [path: string]: Uint8Array };
  readonly samples?: readonly { readonly name: string; readonly sha256: string; readonly spki: string }[];
}
export interface Judged {
  readonly code: VerifyCode;
  readonly verdicts: readonly UpdateVerdict[];
  readonly word: string | undefined;
}

export async function judge(bytes: Uint8Array, judging: Judging = {}): Promise<Judged> {
  const {
    keys = [],
    name = 'artefact',
    now = '2027-06-01T00:00:00Z',
    companions = {},
    siblings = {},
    samples = [],
  } = judging;
  const beside = Object.keys(companions).length + Object.keys(siblings).length;
  const folder = beside > 0 ? mkdtempSync(join(tmpdir(), 'assay-updates-')) : '/nowhere';
  try {
    const location = join(folder, name);
    for (const [suffix, content] of Object.entries(companions)) writeFileSync(`${location}${suffix}`, content);
    for (const [path, content] of Object.entries(siblings)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const verdicts = await verifyArtefact(Object.values(verifiers), memoryBlob(bytes), location, {
      settings: { keys, now },
      sampleKeys: sampleNamesOf({ keys: samples }),
      samples: samplesOf({ keys: samples }),
    });
    const [first] = verdicts;
    return { code: verifyCode(verdicts), verdicts, word: first === undefined ? undefined : overall(first) };
  } finally {
    if (folder !== '/nowhere') rmSync(folder, { recursive: true });
  }
}

/** The same bytes with one changed. */
export function flipped(bytes: Uint8Array, at: number, mask = 0xff): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}
