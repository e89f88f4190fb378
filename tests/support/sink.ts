/** A sink that keeps everything in memory and checks what it is given, for unpackers on their own. */
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlocksInput, run } from '../../src/codecs/formats/squashfs-job.ts';
import type { Sink, Unpacker } from '../../src/core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../src/lib/blob.ts';
import { FaultError } from '../../src/lib/fault.ts';

/** Bytes that a test's unpacker may give out. */
const BUDGET = 1 << 26;

export interface Taken {
  readonly type: string;
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly target?: string;
  readonly sha256?: string;
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
}

export interface Outcome {
  readonly entries: Map<string, Taken>;
  readonly broken: string[];
}

type Content = Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Unpacks one container with its jobs run in this thread. */
export async function unpackAlone(unpacker: Unpacker, container: Blob): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-sink-'));
  const path = join(folder, 'spool');
  const spool = openSync(path, 'w+');
  const entries = new Map<string, Taken>();
  const broken: string[] = [];
  const places: { name: string; offset: number; size: number }[] = [];
  let used = 0;
  let count = 0;
  const charge = (bytes: number): void => {
    if (!(bytes >= 0)) throw new Error('a negative size was reserved');
    used += bytes;
    count += 1;
    if (used > BUDGET || count > 100_000) throw new FaultError('over-budget', 'more comes out than the test allows');
  };
  const take = async (content: Content): Promise<string> => {
    const hash = createHash('sha256');
    for await (const chunk of 'size' in content && 'read' in content ? chunksOf(content) : content) {
      charge(chunk.length);
      hash.update(chunk);
    }
    return hash.digest('hex');
  };
  const sink: Sink = {
    directory: (name, metadata) => {
      charge(0);
      entries.set(name, { type: 'directory', ...metadata });
    },
    file: async (name, content, metadata) => {
      entries.set(name, { type: 'file', sha256: await take(content), ...metadata });
    },
    reserve: (name, size, metadata) => {
      charge(size);
      const offset = used - size;
      ftruncateSync(spool, used);
      places.push({ name, offset, size });
      entries.set(name, { type: 'file', ...metadata });
      return { path, offset };
    },
    symlink: (name, target, metadata) => {
      charge(target.length);
      entries.set(name, { type: 'symlink', target, ...metadata });
    },
    hardLink: (name, to) => {
      charge(0);
      entries.set(name, { type: 'hard-link', target: to });
    },
    special: (name, type, device, metadata) => {
      charge(0);
      entries.set(name, { type, device, ...metadata });
    },
    part: async (name, content) => {
      entries.set(name, { type: 'part', sha256: await take(content) });
    },
    broken: (name, message) => {
      broken.push(`${name}: ${message}`);
    },
    note: () => undefined,
  };
  const job = async (_: string, input: unknown): Promise<unknown> => {
    const blocks = input as BlocksInput;
    for (const { pieces } of blocks.tasks)
      for (let i = 0; i < pieces.length; i += 3)
        if (!(pieces[i + 2]! >= 0 && pieces[i + 2]! + pieces[i + 1]! <= used))
          throw new Error('a write outside of what was reserved');
    return run(blocks);
  };
  try {
    await unpacker.unpack?.(container, sink, { signal: new AbortController().signal, job });
    for (const { name, offset, size } of places) {
      const bytes = Buffer.alloc(size);
      readSync(spool, bytes, 0, size, offset);
      entries.set(name, { ...entries.get(name)!, sha256: createHash('sha256').update(bytes).digest('hex') });
    }
    for (const [name, { type, target }] of entries)
      if (type === 'hard-link') entries.set(name, entries.get(target ?? '') ?? { type });
    return { entries, broken };
  } finally {
    closeSync(spool);
    rmSync(folder, { recursive: true, force: true });
  }
}
