/** Unpacks one image, or reads one directory, into a tree of files with every byte accounted for. */
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { openBlob } from '../../lib/blob.ts';
import { digestAll, sha256Of } from './digest.ts';
import { readDirectory } from './directory.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { OpaqueEntry, UnpackedImage, UnpackGap, UnpackOptions } from './outcome.ts';
import { type ByteCoverage, coverageOf, isOpen, type Region } from './regions.ts';
import { Session } from './session.ts';
import { Spool } from './spool.ts';

export type { OpaqueEntry, UnpackedImage, UnpackGap, UnpackOptions } from './outcome.ts';

/** Throws what opening the path throws, and an AbortError; all else that goes wrong is a gap. Call `dispose` at the end. */
export async function unpackImage(options: UnpackOptions): Promise<UnpackedImage> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const name = options.name ?? basename(resolve(options.path));
  const directory = statSync(options.path).isDirectory();
  const spool = new Spool();
  const session = new Session(options, limits, spool, name);
  if (directory) return guarded(spool, () => unpackDirectory(options, session, spool));
  const blob = openBlob(options.path);
  const dispose = (): void => {
    blob.close();
    spool.dispose();
  };
  return guarded({ dispose }, async () => {
    const found = await session.open({ path: name, blob, depth: 0, inRoot: false, above: [] });
    const regions = acknowledge(found, options.opaque ?? []);
    if (blob.size === 0) session.tell(name, { kind: 'truncated', message: 'the image is empty' }, true);
    const digest = options.digests === false ? {} : { sha256: sha256Of(blob) };
    return { ...outcome(options, session, regions, blob.size), ...digest, regions, dispose };
  });
}

async function unpackDirectory(options: UnpackOptions, session: Session, spool: Spool): Promise<UnpackedImage> {
  const regions = await readDirectory(options.path, session);
  const size = regions.at(-1)?.end ?? 0;
  if (size === 0)
    session.tell(session.tree.image, { kind: 'truncated', message: 'the directory holds no file content' }, true);
  return { ...outcome(options, session, regions, size), regions: [], dispose: () => spool.dispose() };
}

async function guarded<T>(held: { dispose(): void }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    held.dispose();
    throw thrown;
  }
}

function outcome(
  options: UnpackOptions,
  session: Session,
  regions: readonly Region[],
  size: number,
): Omit<UnpackedImage, 'dispose' | 'regions'> {
  const coverage = coverageOf(regions, size);
  if (size > 0 && !coverage.complete)
    session.tell(session.tree.image, { kind: 'unrecognised', message: openWords(coverage, regions) }, false);
  if (options.digests !== false) digestAll(session.tree);
  const gaps = scoped(session);
  for (const gap of gaps) options.onGap?.(gap);
  return {
    tree: session.tree,
    size,
    containers: session.containers,
    coverage: { ...coverage, files: [...session.tree.entries()].length },
    gaps,
    encryption: encryptionOf(coverage, session),
  };
}

/** Where no root was found, it may lie in anything that was not seen. */
function scoped(session: Session): UnpackGap[] {
  if (session.tree.roots.length > 0) return session.gaps;
  return session.gaps.map((gap) => ({ ...gap, area: 'root-file-system' }));
}

function openWords(coverage: ByteCoverage, regions: readonly Region[]): string {
  const open = coverage.unknown + coverage.encrypted;
  const largest = regions.filter(({ kind }) => isOpen(kind)).sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  const where =
    largest === undefined
      ? ''
      : `; the largest run starts at 0x${largest.start.toString(16)} and has ${largest.end - largest.start} bytes`;
  return `${open} of ${coverage.bytes} bytes are not understood${where}`;
}

/** Says «encrypted» of the image as it is delivered: an encrypted file somewhere in it is told as a gap and no more. */
function encryptionOf(coverage: ByteCoverage, session: Session): UnpackedImage['encryption'] {
  const share = coverage.bytes === 0 ? 0 : Math.round((coverage.encrypted / coverage.bytes) * 10_000) / 10_000;
  if (coverage.encrypted * 2 > coverage.bytes - coverage.padding) {
    const said = session.gaps.find(({ fault }) => fault.kind === 'encrypted');
    return { encrypted: true, how: said?.fault.message ?? 'most bytes cannot be told from random ones', share };
  }
  const part = share > 0 || session.gaps.some(({ fault }) => fault.kind === 'encrypted');
  return { encrypted: false, how: part ? 'a part is encrypted or looks so' : 'what it holds was read in clear', share };
}

/** Ranges that the declaration names: what is open in them is acknowledged. */
function acknowledge(regions: readonly Region[], opaque: readonly OpaqueEntry[]): Region[] {
  let result = [...regions];
  for (const { start, end, what } of opaque) {
    if (start === undefined || end === undefined) continue;
    result = result.flatMap((region) => split(region, start, end, what));
  }
  return result;
}

function split(region: Region, start: number, end: number, what: string): Region[] {
  const from = Math.max(region.start, start);
  const to = Math.min(region.end, end);
  if (!isOpen(region.kind) || from >= to) return [region];
  const parts: Region[] = [];
  if (region.start < from) parts.push({ ...region, end: from });
  parts.push({ ...region, start: from, end: to, kind: 'acknowledged', note: what });
  if (to < region.end) parts.push({ ...region, start: to });
  return parts;
}
