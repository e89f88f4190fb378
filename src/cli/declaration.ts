/** The maker's declaration as the command line uses it: what judging needs, what gathering needs, and its keys. */
import { dirname, resolve } from 'node:path';
import { readDocument, type SourceDocument } from '../core/baseline/document.ts';
import { shapeProblems } from '../core/baseline/shape.ts';
import type { Attestation, FeatureStatement, Statements, Waiver } from '../core/model/baseline.ts';
import type { Report } from '../core/model/report.ts';
import type { DeviceState } from '../core/model/target.ts';
import type { TrustedKey } from '../core/model/verifier.ts';
import { type Problem, UsageError } from '../lib/fault.ts';
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
  return { value, sha256: document.sha256, keys: keysOf(value, path, document) };
}

/** The keys that it names, beside itself. Throws UsageError with the place of each name that leads to none. */
function keysOf({ keys = [] }: Declaration, path: string, document: SourceDocument): readonly TrustedKey[] {
  const problems: Problem[] = [];
  const read = keys.flatMap(({ name, path: file, kind }, index) => {
    try {
      return [readTrustedKey(resolve(dirname(path), file), name, kind)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const at = document.place(['keys', index, 'path']);
      const bare = (message: string): string => message.replace(`${resolve(dirname(path), file)}: `, '');
      problems.push(...error.problems.map((one) => ({ ...one, message: `${file}: ${bare(one.message)}`, at })));
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return read;
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
