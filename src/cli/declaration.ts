/** The maker's declaration as the command line uses it: what judging needs, what gathering needs, and its keys. */
import { dirname, resolve } from 'node:path';
import { readDocument } from '../core/baseline/document.ts';
import { shapeProblems } from '../core/baseline/shape.ts';
import type { Attestation, FeatureStatement, Statements, Waiver } from '../core/model/baseline.ts';
import type { Report } from '../core/model/report.ts';
import type { DeviceState } from '../core/model/target.ts';
import type { TrustedKey } from '../core/model/verifier.ts';
import { UsageError } from '../lib/fault.ts';
import { readTrustedKey } from './trusted-key.ts';

/** The parts of `declaration.yaml` that the program itself reads; its shape was checked. */
export interface Declaration {
  readonly [section: string]: unknown;
  readonly product?: NonNullable<Report['target']['product']>;
  readonly device?: { readonly state?: DeviceState };
  readonly features?: { readonly [name: string]: true | FeatureStatement };
  readonly opaque?: readonly {
    readonly sha256?: string;
    readonly image?: string;
    readonly start?: number;
    readonly end?: number;
    readonly what: string;
    readonly reason: string;
  }[];
  readonly keys?: readonly { readonly name: string; readonly path: string; readonly kind?: TrustedKey['kind'] }[];
  readonly updates?: { readonly url?: string };
  readonly attestations?: { readonly [unit: string]: Omit<Attestation, 'unit'> };
}

export interface ReadDeclaration {
  readonly value: Declaration;
  readonly sha256: string;
  readonly keys: readonly TrustedKey[];
}

/** Throws UsageError with every mistake of the file. */
export async function readDeclaration(path: string): Promise<ReadDeclaration> {
  const document = await readDocument(path);
  const problems = await shapeProblems('declaration', document);
  if (problems.length > 0) throw new UsageError(problems);
  const value = document.value as unknown as Declaration;
  const keys = (value.keys ?? []).map((key) => readTrustedKey(resolve(dirname(path), key.path), key.name, key.kind));
  return { value, sha256: document.sha256, keys };
}

/** What judging needs: a person's words and the features. */
export function statementsOf(declaration: Declaration | undefined): Statements {
  const attestations = Object.entries(declaration?.attestations ?? {}).map(([unit, said]) => ({ unit, ...said }));
  const features = Object.entries(declaration?.features ?? {}).map(([name, said]) => [
    name,
    said === true ? { present: true } : said,
  ]);
  return { attestations, features: Object.fromEntries(features) as Statements['features'] };
}

export async function readWaivers(
  path: string,
): Promise<{ readonly waivers: readonly Waiver[]; readonly sha256: string }> {
  const document = await readDocument(path);
  const problems = await shapeProblems('waivers', document);
  if (problems.length > 0) throw new UsageError(problems);
  const { waivers } = document.value as unknown as { readonly waivers: readonly Omit<Waiver, 'at'>[] };
  return {
    waivers: waivers.map((waiver, index) => ({ ...waiver, at: document.place(['waivers', index]) })),
    sha256: document.sha256,
  };
}
