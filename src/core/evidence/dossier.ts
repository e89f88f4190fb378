/** A dossier on disk while it is gathered: facts and gaps appended as they are seen, the head written first and last. */
import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../lib/fault.ts';
import { whyUnwritten } from '../../lib/whole-file.ts';
import type { Fact, Gap } from '../model/fact.ts';
import type { FileEntry } from '../model/files.ts';
import type { GathererStatus, Input, Report } from '../model/report.ts';
import type { Target } from '../model/target.ts';

export type GathererRecord = GathererStatus & { readonly produces: readonly string[] };
type Product = NonNullable<Report['target']['product']>;

/** `dossier.json`: schema `baselines/schema/dossier.schema.json`. */
export interface DossierHead {
  readonly schema: 'assay/dossier/1';
  readonly tool: Report['tool'];
  readonly target: Target & { readonly product?: Product };
  readonly scope: Report['scope'];
  readonly gatheredAt: string;
  /** False while it is gathered, and ever after when that was cut short. */
  readonly complete: boolean;
  readonly inputs: readonly Input[];
  readonly gatherers: readonly GathererRecord[];
  /** `files` is absent where nothing was opened. */
  readonly digests?: { readonly facts: string; readonly gaps: string; readonly files?: string };
  readonly declaration?: { readonly [section: string]: unknown };
}

export const FACTS = 'facts.jsonl';
export const GAPS = 'gaps.jsonl';
/** Every entry of every opened image, in the order of its tree: what two releases are compared by. */
export const FILES = 'files.jsonl';
export const HEAD = 'dossier.json';
export const EVIDENCE = 'evidence';
export const SEAL = 'seal.json';

export interface DossierWriter {
  fact(fact: Fact): void;
  gap(gap: Gap): void;
  files(entries: Iterable<FileEntry>): void;
  /** Writes the head for good. */
  finish(head: Omit<DossierHead, 'schema' | 'complete' | 'digests'>): void;
}

/** Starts a dossier in a folder that does not exist or is empty, or that holds a dossier to be replaced. */
export function createDossier(
  folder: string,
  head: Omit<DossierHead, 'schema' | 'complete' | 'digests'>,
): DossierWriter {
  claim(folder);
  const facts = lines(join(folder, FACTS));
  const gaps = lines(join(folder, GAPS));
  let files: Lines | undefined;
  rmSync(join(folder, FILES), { force: true });
  writeHead(folder, { schema: 'assay/dossier/1', ...head, complete: false });
  return {
    fact: (fact) => facts.write(fact),
    gap: (gap) => gaps.write(gap),
    files(entries) {
      files ??= lines(join(folder, FILES));
      files.writeAll(listed(entries));
    },
    finish(last) {
      const listing = files === undefined ? {} : { files: files.close() };
      const digests = { facts: facts.close(), gaps: gaps.close(), ...listing };
      writeHead(folder, { schema: 'assay/dossier/1', ...last, complete: true, digests });
    },
  };
}

function claim(folder: string): void {
  try {
    // One level only: Node's recursive mkdir never comes back from places such as /proc.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    if (existsSync(join(folder, SEAL)))
      throw new UsageError(`${folder}: it is sealed`, 'give a new folder for the dossier');
    const others = readdirSync(folder).filter((name) => ![FACTS, GAPS, FILES, HEAD, EVIDENCE].includes(name));
    if (others.length === 0 || existsSync(join(folder, HEAD))) {
      forget(join(folder, EVIDENCE));
      return;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${folder}: the dossier cannot be written: ${whyUnwritten(error)}`);
  }
  throw new UsageError(`${folder} holds other files`, 'give a new or empty folder for the dossier');
}

/** What another dossier kept there, of another product perhaps, is no evidence of this one. Files of other names are somebody's own. */
function forget(evidence: string): void {
  if (!existsSync(evidence)) return;
  for (const name of readdirSync(evidence)) if (/^[0-9a-f]{64}$/.test(name)) rmSync(join(evidence, name));
}

/** A disk that is full is the user's to mend. */
function written<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new UsageError(`${path}: the dossier cannot be written: ${whyUnwritten(error)}`);
  }
}

/** Entries listed of one dossier. */
const LISTED = 2_000_000;

/** What a comparison needs of an entry. */
export type ListedFile = Pick<
  FileEntry,
  'path' | 'type' | 'size' | 'mode' | 'uid' | 'gid' | 'sha256' | 'target' | 'linkTo' | 'device'
>;

function* listed(entries: Iterable<FileEntry>): Generator<ListedFile> {
  let count = 0;
  for (const { path, type, size, mode, uid, gid, sha256, target, linkTo, device } of entries) {
    count += 1;
    if (count > LISTED) return;
    yield { path, type, size, mode, uid, gid, sha256, target, linkTo, device } as ListedFile;
  }
}

interface Lines {
  write(value: unknown): void;
  writeAll(values: Iterable<unknown>): void;
  /** Gives the digest of all that was written. */
  close(): string;
}

/** Characters that are written at once. */
const BATCH = 1 << 16;

function lines(path: string): Lines {
  const descriptor = written(path, () => openSync(path, 'w', 0o600));
  const hash: Hash = createHash('sha256');
  const state = { open: true };
  const put = (text: string): void => {
    if (!state.open || text === '') return;
    hash.update(text);
    written(path, () => writeSync(descriptor, text));
  };
  return {
    write: (value) => put(`${JSON.stringify(value)}\n`),
    writeAll(values) {
      let batch = '';
      for (const value of values) {
        batch += `${JSON.stringify(value)}\n`;
        if (batch.length < BATCH) continue;
        put(batch);
        batch = '';
      }
      put(batch);
    },
    close() {
      state.open = false;
      closeSync(descriptor);
      return hash.digest('hex');
    },
  };
}

/** By a name of its own first: a reader sees the old head or the new one, never half of one. */
function writeHead(folder: string, head: DossierHead): void {
  const part = join(folder, `${HEAD}.part`);
  written(join(folder, HEAD), () => {
    writeFileSync(part, `${JSON.stringify(head, null, 2)}\n`, { mode: 0o600 });
    renameSync(part, join(folder, HEAD));
  });
}
