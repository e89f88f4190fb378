/** Reads a dossier back, trusting nothing: every line is checked, every digest compared, every mistake is the user's to mend. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Blob } from '../../lib/blob.ts';
import { UsageError } from '../../lib/fault.ts';
import { safeText } from '../../lib/text.ts';
import { readWhole } from '../../lib/whole-file.ts';
import { factId } from '../assessment/facts.ts';
import type { EvidenceRef, Fact, Gap } from '../model/fact.ts';
import { type DossierHead, EVIDENCE, FACTS, FILES, GAPS, HEAD, type ListedFile } from './dossier.ts';
import type { Shape, Shapes } from './shape.ts';
import { openEvidence } from './store.ts';

export interface ReadDossier {
  readonly head: DossierHead;
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  open(evidence: EvidenceRef): Blob;
  /** Every entry of the opened images, read when it is asked for; undefined where none was opened. */
  files(): readonly ListedFile[] | undefined;
}

/** Bytes of one line, of the head, and of one list. */
const LINE = 8 << 20;
const HEAD_SIZE = 64 << 20;
const LIST_SIZE = 4 * 2 ** 30;
const CHUNK = 1 << 20;

export function readDossier(folder: string, shapes: Shapes): ReadDossier {
  const head = readHead(folder, shapes);
  const facts = readLines<Fact>(folder, FACTS, shapes.fact, head.complete ? head.digests?.facts : undefined);
  const gaps = readLines<Gap>(folder, GAPS, shapes.gap, head.complete ? head.digests?.gaps : undefined);
  if (head.complete && head.digests === undefined)
    throw new UsageError(`${join(folder, HEAD)}: it says that it is complete and gives no digests`);
  const forged = facts.find((fact) => factId(fact) !== fact.id);
  if (forged !== undefined) throw new UsageError(`${join(folder, FACTS)}: the fact ${forged.id} was changed`);
  return {
    head,
    facts,
    gaps,
    open: (evidence) => openEvidence(join(folder, EVIDENCE), evidence),
    files: () =>
      head.digests?.files === undefined ? undefined : readLines(folder, FILES, isListed, head.digests.files),
  };
}

/** Of a line of the list of files: hostile values are told, members that nobody reads are not looked at. */
const isListed: Shape = (value) => {
  const { path, type, size, mode, sha256 } = (value ?? {}) as { readonly [name: string]: unknown };
  if (typeof path !== 'string' || typeof type !== 'string') return 'it is no entry of an image';
  if (typeof size !== 'number') return 'its size is no number';
  if (mode !== undefined && typeof mode !== 'number') return 'its mode is no number';
  return sha256 === undefined || typeof sha256 === 'string' ? undefined : 'its sha256 is no text';
};

function readHead(folder: string, shapes: Shapes): DossierHead {
  const path = join(folder, HEAD);
  const hint = 'a dossier is the folder that `assay gather --out` writes';
  const wanting = whyNoFolder(folder);
  if (wanting !== undefined) throw new UsageError(`${folder} is no dossier: ${wanting}`, hint);
  const value = parse(Buffer.from(headBytes(folder, path, hint)).toString('utf8'), path);
  const wrong = shapes.dossier(value);
  if (wrong !== undefined) throw new UsageError(`${path}: ${safeText(wrong)}`, hint);
  return value as DossierHead;
}

function headBytes(folder: string, path: string, hint: string): Uint8Array {
  try {
    expectPlain(path);
    return readWhole(path, HEAD_SIZE);
  } catch (error) {
    throw new UsageError(`${folder} is no dossier: ${HEAD}: ${reason(error)}`, hint);
  }
}

/** A dossier is foreign: whoever opens a pipe in it waits for ever. */
function expectPlain(path: string): void {
  if (!statSync(path).isFile()) throw new Error('it is no plain file');
}

function whyNoFolder(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'it is not a folder';
  } catch (error) {
    return reason(error);
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${where}: it is not JSON`);
  }
}

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'it is not there' : safeText(message);
};

/** One JSON value a line. Of an unfinished dossier a torn last line is left out; everywhere else it is a mistake. */
function readLines<T>(folder: string, name: string, shape: Shape, digest: string | undefined): readonly T[] {
  const path = join(folder, name);
  const hash = createHash('sha256');
  const values: T[] = [];
  let number = 0;
  const take = (line: Buffer, torn: boolean): void => {
    number += 1;
    if (line.length === 0 || (torn && digest === undefined)) return;
    const where = `${path}:${number}`;
    const value = parse(line.toString('utf8'), where);
    const wrong = shape(value);
    if (wrong !== undefined) throw new UsageError(`${where}: ${safeText(wrong)}`);
    values.push(value as T);
  };
  for (const { bytes, torn } of linesOf(path, (chunk) => hash.update(chunk))) take(bytes, torn);
  if (digest !== undefined && hash.digest('hex') !== digest)
    throw new UsageError(`${path}: it was changed after it was gathered`, 'gather again, or take the original folder');
  return values;
}

interface Line {
  readonly bytes: Buffer;
  /** The last line, without its end. */
  readonly torn: boolean;
}

function* linesOf(path: string, told: (chunk: Buffer) => void): Generator<Line> {
  const descriptor = open(path);
  try {
    if (fstatSync(descriptor).size > LIST_SIZE) throw new UsageError(`${path}: it has more than ${LIST_SIZE} bytes`);
    let held: Buffer[] = [];
    let size = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const got = readSync(descriptor, chunk, 0, CHUNK, null);
      if (got === 0) break;
      told(chunk.subarray(0, got));
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < got; end = chunk.indexOf(10, from)) {
        yield { bytes: Buffer.concat([...held, chunk.subarray(from, end)]), torn: false };
        held = [];
        size = 0;
        from = end + 1;
      }
      held.push(chunk.subarray(from, got));
      size += got - from;
      if (size > LINE) throw new UsageError(`${path}: a line has more than ${LINE} bytes`);
    }
    if (size > 0) yield { bytes: Buffer.concat(held), torn: true };
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    expectPlain(path);
    return openSync(path, 'r');
  } catch (error) {
    throw new UsageError(`${path}: ${reason(error)}`);
  }
}
