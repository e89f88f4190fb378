/** Reading the files of an image: each once, in order, with its digest and the places of words, on threads or not. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MOST_PLACES, READ_WHOLE } from '../../../src/core/assessment/read-file.ts';
import { READ, READ_JOB, Read, Reading } from '../../../src/core/assessment/reading.ts';
import { createPool, type Pool } from '../../../src/core/work/pool.ts';
import { type Blob, memoryBlob } from '../../../src/lib/blob.ts';
import { FaultError } from '../../../src/lib/fault.ts';

const WORDS = ['needle', '://', '\x02\x01'];
let folder = '';
let pool: Pool;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-reading-'));
  pool = createPool({ jobs: { [READ]: READ_JOB }, size: 2 });
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

interface Seen {
  readonly of: string;
  readonly text: string;
  readonly sha256: string | undefined;
  readonly places: readonly (readonly number[])[];
}

async function seen(
  reading: Reading,
  items: readonly { readonly of: string; readonly content?: Blob }[],
): Promise<readonly (Seen | string)[]> {
  const all: (Seen | string)[] = [];
  for await (const { of, read } of reading.each(items)) {
    if (!(read instanceof Read)) {
      all.push(`${of}: ${read.kind}: ${read.message}`);
      continue;
    }
    const { content, sha256 } = read;
    const text = Buffer.from(content.read(0, 100)).toString('latin1');
    all.push({ of, text, sha256, places: WORDS.map((_, word) => [...read.places(word).at]) });
  }
  return all;
}

/** Counts the bytes that are read of it in this thread. */
function counted(bytes: Uint8Array): Blob & { read(offset: number, length: number): Uint8Array; got: number } {
  const inner = memoryBlob(bytes);
  return {
    ...inner,
    got: 0,
    read(offset, length) {
      const part = inner.read(offset, length);
      this.got += part.length;
      return part;
    },
  };
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('one reading gives the content, its digest and where the words stand', async () => {
  const bytes = Buffer.from('a needle in http://x, needle\x02\x01', 'latin1');
  const content = counted(bytes);
  const [one, none] = await seen(new Reading(WORDS, undefined), [{ of: 'a', content }, { of: 'folder' }]);
  expect(one).toEqual({ of: 'a', text: bytes.toString('latin1'), sha256: sha(bytes), places: [[2, 22], [16], [28]] });
  expect(none).toEqual({ of: 'folder', text: '', sha256: undefined, places: [[], [], []] });
  expect(content.got).toBe(bytes.length);
});

test('content that several names share is read once, however far they are apart', async () => {
  const shared = counted(Buffer.from('needle'));
  const items = Array.from({ length: 1000 }, (_, index) => ({
    of: `${index}`,
    content: index % 300 === 7 ? shared : counted(Buffer.from([index])),
  }));
  const all = await seen(new Reading(WORDS, undefined), items);
  expect(all.map((one) => (one as Seen).of)).toEqual(items.map(({ of }) => of));
  expect(all.filter((one) => (one as Seen).text === 'needle')).toHaveLength(4);
  expect(items.map(({ content }) => content.got)).toEqual(items.map(({ content }) => content.size));
});

/** A part of a file on disk that this thread may not read. */
const onDisk = (path: string, offset: number, size: number): Blob => ({
  size,
  origin: { path, offset },
  read: () => {
    throw new Error('it was read in this thread');
  },
  slice: () => onDisk(path, offset, size),
});

test('on threads the same comes in the same order, and what cannot be read is a fault in its place', async () => {
  const path = join(folder, 'spool');
  const parts = Array.from({ length: 900 }, (_, index) =>
    Buffer.alloc(5000 + ((index * 7919) % 9000), `${index}: needle `),
  );
  writeFileSync(path, Buffer.concat(parts));
  let at = 0;
  const items = parts.map((part, index) => {
    const content = onDisk(index === 500 ? join(folder, 'missing') : path, at, part.length);
    at += part.length;
    return { of: `${index}`, content };
  });
  const jobs: string[] = [];
  const job = (name: string, input: unknown): Promise<unknown> => {
    jobs.push(name);
    return pool.run(name, input);
  };
  const all = await seen(new Reading(WORDS, job), items);
  expect(jobs.length).toBeGreaterThan(2);
  expect(all[500]).toBe('500: unreadable: it could not be read (ENOENT)');
  const here = await seen(
    new Reading(WORDS, undefined),
    parts.map((part, index) => ({ of: `${index}`, content: memoryBlob(part) })),
  );
  expect(all.toSpliced(500, 1)).toEqual(here.toSpliced(500, 1));
});

test('a thread that dies takes nothing from the files', async () => {
  const path = join(folder, 'whole');
  const bytes = Buffer.alloc(5 << 20, 'needle');
  writeFileSync(path, bytes);
  const content = { ...memoryBlob(bytes), origin: { path, offset: 0 } };
  const died = (): Promise<never> => Promise.reject(new FaultError('bug', 'a worker thread died'));
  const [one] = await seen(new Reading(WORDS, died), [{ of: 'a', content }]);
  expect((one as Seen).sha256).toBe(sha(bytes));
  const stopped = (): Promise<never> => Promise.reject(new DOMException('stopped', 'AbortError'));
  await expect(seen(new Reading(WORDS, stopped), [{ of: 'a', content }])).rejects.toThrow('stopped');
});

test('a larger file is looked through in pieces, words across their ends too, and read by place', async () => {
  const bytes = Buffer.alloc(READ_WHOLE + 5);
  const places = [0, (4 << 20) - 3, (4 << 20) + 3, (8 << 20) - 1, READ_WHOLE - 1];
  for (const place of places) bytes.write('needle', place);
  const content = counted(bytes);
  for await (const { read } of new Reading(WORDS, undefined).each([{ of: 'a', content }])) {
    if (!(read instanceof Read)) throw new Error(read.message);
    expect([...read.places(0).at]).toEqual(places);
    expect(read.places(0).cut).toBeUndefined();
    expect(read.sha256).toBe(sha(bytes));
    expect(read.content).toBe(content);
  }
  expect(content.got).toBeLessThan(bytes.length + 100);
});

test('a file that became shorter meanwhile is a fault: what was not read of it was not seen', async () => {
  const path = join(folder, 'shorter');
  writeFileSync(path, Buffer.alloc(5 << 20, 'needle'));
  const job = (name: string, input: unknown): Promise<unknown> => pool.run(name, input);
  const small = { ...memoryBlob(Buffer.from('needle')), size: 10 };
  const large = { ...memoryBlob(Buffer.alloc(READ_WHOLE + 1)), size: READ_WHOLE + 2 };
  expect(await seen(new Reading(WORDS, undefined), [{ of: 'a', content: small }])).toEqual([
    'a: truncated: only 6 of 10 bytes could be read',
  ]);
  expect(await seen(new Reading(WORDS, undefined), [{ of: 'a', content: large }])).toEqual([
    `a: truncated: only ${READ_WHOLE + 1} of ${READ_WHOLE + 2} bytes could be read`,
  ]);
  expect(await seen(new Reading(WORDS, job), [{ of: 'a', content: onDisk(path, 0, (5 << 20) + 1) }])).toEqual([
    `a: truncated: only ${5 << 20} of ${(5 << 20) + 1} bytes could be read`,
  ]);
});

test('a word that stands everywhere is told as cut off', async () => {
  const content = memoryBlob(Buffer.alloc((MOST_PLACES + 1) * 3, '://'));
  const exact = memoryBlob(Buffer.alloc(MOST_PLACES * 3, '://'));
  for await (const { of, read } of new Reading(WORDS, undefined).each([
    { of: 'more', content },
    { of: 'exact', content: exact },
  ])) {
    if (!(read instanceof Read)) throw new Error(read.message);
    const { at, cut } = read.places(1);
    expect([at.length, cut]).toEqual([MOST_PLACES, of === 'more' ? 'more than 200000 places' : undefined]);
  }
});
