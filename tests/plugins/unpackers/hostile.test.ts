/** File systems laid out to harm, field by field: loops, depth, lies of size and names that lead out are told, and the rest is read. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { opened } from '../../support/unpacked.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-fs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly names: readonly string[];
  readonly messages: readonly string[];
  readonly contents: { readonly [name: string]: string };
}

async function seen(bytes: Uint8Array): Promise<Seen> {
  const path = join(folder, 'fw.bin');
  writeFileSync(path, bytes);
  const found = await opened(path, ({ tree, gaps }) => ({
    names: [...tree.entries()].map(({ name }) => name),
    messages: gaps.map(({ fault }) => fault.message),
    contents: Object.fromEntries(
      [...tree.entries()]
        .filter(({ type, size }) => type === 'file' && size < 10_000)
        .map((entry) => [entry.name, Buffer.from(tree.content(entry).read(0, entry.size)).toString('latin1')]),
    ),
  }));
  expect(readdirSync(folder)).toEqual(['fw.bin']);
  return found;
}

const SECTOR = 2048;
const both = (value: number, size: 2 | 4): Buffer => {
  const bytes = Buffer.alloc(size * 2);
  bytes.writeUIntLE(value, 0, size);
  bytes.writeUIntBE(value, size, size);
  return bytes;
};

interface Entry {
  readonly name: string;
  readonly sector: number;
  readonly size: number;
  readonly flags?: number;
}

/** A directory record of ECMA-119, 9.1. */
function record({ name, sector, size, flags = 0 }: Entry): Buffer {
  const length = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const bytes = Buffer.alloc(length);
  bytes[0] = length;
  both(sector, 4).copy(bytes, 2);
  both(size, 4).copy(bytes, 10);
  bytes[25] = flags;
  both(1, 2).copy(bytes, 28);
  bytes[32] = name.length;
  bytes.write(name, 33, 'latin1');
  return bytes;
}

const DIRECTORY = 2;
const directory = (sector: number, entries: readonly Entry[]): Buffer =>
  Buffer.concat([
    record({ name: '\0', sector, size: SECTOR, flags: DIRECTORY }),
    record({ name: '\x01', sector, size: SECTOR, flags: DIRECTORY }),
    ...entries.map(record),
  ]);

/** An ISO 9660 volume whose sectors from 18 on are these. */
function iso(...sectors: readonly Uint8Array[]): Buffer {
  const image = Buffer.alloc((18 + sectors.length) * SECTOR);
  const primary = image.subarray(16 * SECTOR);
  primary.write('\x01CD001\x01', 0, 'latin1');
  both(18 + sectors.length, 4).copy(primary, 80);
  both(SECTOR, 2).copy(primary, 128);
  record({ name: '\0', sector: 18, size: SECTOR, flags: DIRECTORY }).copy(primary, 156);
  image.write('\xffCD001\x01', 17 * SECTOR, 'latin1');
  for (const [i, sector] of sectors.entries()) image.set(sector, (18 + i) * SECTOR);
  return image;
}

describe('ISO 9660', () => {
  test('a file of several extents is one, and its neighbours are themselves', async () => {
    const { contents, messages } = await seen(
      iso(
        directory(18, [
          { name: 'BIG.;1', sector: 19, size: SECTOR, flags: 0x80 },
          { name: 'BIG.;1', sector: 20, size: 3 },
          { name: 'NEXT.TXT;1', sector: 20, size: 2 },
        ]),
        Buffer.alloc(SECTOR, 'a'),
        Buffer.from('end'),
      ),
    );
    expect(messages).toEqual([]);
    expect(contents).toEqual({ '/BIG': `${'a'.repeat(SECTOR)}end`, '/NEXT.TXT': 'en' });
  });

  test('a file whose last extent is not there is told', async () => {
    const { messages, contents } = await seen(
      iso(
        directory(18, [
          { name: 'CUT', sector: 19, size: 3, flags: 0x80 },
          { name: 'NEXT', sector: 19, size: 3 },
        ]),
        Buffer.from('abc'),
      ),
    );
    expect(messages).toEqual(['its last extent is not there']);
    expect(contents).toEqual({ '/CUT': 'abc', '/NEXT': 'abc' });
  });

  test('a directory that holds its parent and itself is listed once', async () => {
    const { names, messages } = await seen(
      iso(
        directory(18, [{ name: 'A', sector: 19, size: SECTOR, flags: DIRECTORY }]),
        directory(19, [
          { name: 'UP', sector: 18, size: SECTOR, flags: DIRECTORY },
          { name: 'SELF', sector: 19, size: SECTOR, flags: DIRECTORY },
          { name: 'F', sector: 18, size: 1 },
        ]),
      ),
    );
    expect(names).toContain('/A/F');
    expect(messages.filter((one) => /the directory is the same as/.test(one))).toHaveLength(2);
  });

  test('a file that is the whole image is not opened again', async () => {
    const { messages } = await seen(iso(directory(18, [{ name: 'ME.IMG', sector: 0, size: 19 * SECTOR }])));
    expect(messages).toEqual(['holds itself: not opened again']);
  });

  test('names that lead out are refused, what lies behind the end is told, and the rest is read', async () => {
    const { names, messages, contents } = await seen(
      iso(
        directory(18, [
          { name: '../../../tmp/assay-slip', sector: 19, size: 4 },
          { name: 'FAR', sector: 90_000, size: 4 },
          { name: 'HUGE', sector: 19, size: 0xffffffff },
          { name: 'GOOD', sector: 19, size: 4 },
          { name: 'DIR', sector: 90_000, size: SECTOR, flags: DIRECTORY },
        ]),
        Buffer.from('good'),
      ),
    );
    expect(contents['/GOOD']).toBe('good');
    expect(names.filter((name) => name.includes('..'))).toEqual([]);
    expect(messages).toHaveLength(4);
  });

  test('5,000 directories in each other end at the longest path', async () => {
    const depth = 5000;
    const { names, messages } = await seen(
      iso(
        ...Array.from({ length: depth }, (_, i) =>
          directory(18 + i, [{ name: 'D', sector: 19 + i, size: SECTOR, flags: DIRECTORY }]),
        ),
        directory(18 + depth, []),
      ),
    );
    expect(names.length).toBeLessThan(2100);
    expect(messages.some((one) => /path above 4096 bytes|characters/.test(one))).toBe(true);
    expect(messages.length).toBeLessThanOrEqual(101);
  });
});

/** The kernel's CRC-32, which is neither inverted before nor after. */
const sum = (bytes: Uint8Array): number => (crc32(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;

function node(type: number, fill: (bytes: Buffer) => void, size: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(size / 4) * 4);
  bytes.writeUInt16LE(0x1985, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.writeUInt32LE(size, 4);
  bytes.writeUInt32LE(sum(bytes.subarray(0, 8)), 8);
  fill(bytes);
  return bytes;
}

const dirent = (parent: number, inode: number, name: string): Buffer =>
  node(
    0xe001,
    (bytes) => {
      bytes.writeUInt32LE(parent, 12);
      bytes.writeUInt32LE(1, 16);
      bytes.writeUInt32LE(inode, 20);
      bytes[28] = name.length;
      bytes[29] = 4;
      bytes.write(name, 40, 'latin1');
      bytes.writeUInt32LE(sum(bytes.subarray(0, 32)), 32);
      bytes.writeUInt32LE(sum(Buffer.from(name, 'latin1')), 36);
    },
    40 + name.length,
  );

const inodeOf = (inode: number, mode: number, size: number): Buffer =>
  node(
    0xe002,
    (bytes) => {
      bytes.writeUInt32LE(inode, 12);
      bytes.writeUInt32LE(1, 16);
      bytes.writeUInt32LE(mode, 20);
      bytes.writeUInt32LE(size, 28);
      bytes.writeUInt32LE(sum(bytes.subarray(0, 60)), 64);
    },
    68,
  );

test('JFFS2 with a directory in itself, a name that leads out, a control character and a file of 4 GiB', async () => {
  const { names, messages } = await seen(
    Buffer.concat([
      dirent(1, 2, 'dir'),
      inodeOf(2, 0o040755, 0),
      dirent(2, 2, 'self'),
      dirent(2, 1, 'root'),
      dirent(1, 3, '../../slip'),
      inodeOf(3, 0o100644, 0),
      dirent(1, 4, 'huge'),
      inodeOf(4, 0o100644, 0xfffffff0),
      dirent(1, 5, 'bell\x07'),
      inodeOf(5, 0o100644, 0),
    ]),
  );
  expect(names).toContain('/bell\x07');
  expect(names.filter((name) => name.includes('slip'))).toEqual([]);
  expect(messages.filter((one) => /the directory is the same as/.test(one))).toHaveLength(2);
  expect(messages.some((one) => /larger than its flash/.test(one))).toBe(true);
  expect(messages.some((one) => /leads out/.test(one))).toBe(true);
});

/** As deep as 16 bits can count. */
const DEEP = 65_535;

function toldDeep({ names, messages }: Seen): void {
  expect(names.length).toBeGreaterThan(2000);
  expect(names.length).toBeLessThan(2100);
  expect(messages.some((one) => /of 4\d\d\d characters/.test(one))).toBe(true);
  expect(messages).toHaveLength(101);
  expect(messages.at(-1)).toBe(`${DEEP - names.length - 99} further pieces are broken`);
}

test('JFFS2 with 65,535 directories in each other ends at the longest path', async () => {
  const nodes: Buffer[] = [];
  for (let inode = 2; inode < DEEP + 2; inode += 1)
    nodes.push(dirent(inode - 1, inode, 'd'), inodeOf(inode, 0o040755, 0));
  toldDeep(await seen(Buffer.concat(nodes)));
});

test('romfs with 65,535 directories in each other ends at the longest path', async () => {
  const image = Buffer.alloc(32 + DEEP * 32 + 32);
  image.write('-rom1fs-', 0);
  image.writeUInt32BE(image.length, 8);
  image.write('deep', 16);
  for (let level = 0; level <= DEEP; level += 1) {
    const at = 32 + level * 32;
    // A directory says where its first entry is; the place of the next one is 0, and its low bits say what it is.
    image.writeUInt32BE(level === DEEP ? 2 : 1, at);
    if (level < DEEP) image.writeUInt32BE(at + 32, at + 4);
    image.write('d', at + 16);
  }
  // The words of the first 512 bytes sum up to 0.
  let sum = 0;
  for (let at = 0; at < 512; at += 4) sum = (sum + image.readUInt32BE(at)) >>> 0;
  image.writeUInt32BE(-sum >>> 0, 12);
  const { names, messages } = await seen(image);
  expect(names.length).toBeGreaterThan(2000);
  expect(names.length).toBeLessThan(2100);
  expect(messages).toHaveLength(101);
});
