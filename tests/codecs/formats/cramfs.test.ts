/** CramFS with holes, stored blocks, direct pointers and files that are executed in place, laid out here by the kernel's description. */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openCramfs } from '../../../src/codecs/formats/cramfs.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';

const PAGE = 4096;
const STORED = 0x80000000;
const DIRECT = 0x40000000;
const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** An inode of twelve bytes, little-endian. */
const inode = (mode: number, size: number, named: number, offset: number): Buffer =>
  Buffer.concat([u16(mode), u16(0), u32(size), u32(named | ((offset / 4) << 6))]);

const page = (letter: string, size = PAGE): Buffer => Buffer.alloc(size, letter);
const packed = (letter: string): Buffer => deflateSync(page(letter), { level: 9 });

/** An image of one file `/file` whose pointers start at `POINTERS`. */
const POINTERS = 256;
function read(mode: number, size: number, content: Buffer, flags = 0x803): Buffer {
  const entry = Buffer.concat([inode(mode, size, 1, POINTERS), Buffer.from('file')]);
  const head = Buffer.concat([
    ...[u32(0x28cd3d45), u32(POINTERS + content.length), u32(flags), u32(0), Buffer.from('Compressed ROMFS')],
    ...[Buffer.alloc(32), inode(0o40755, entry.length, 0, 76), entry],
  ]);
  const image = Buffer.concat([head, Buffer.alloc(POINTERS - head.length), content]);
  const source = openCramfs(memoryBlob(image));
  const [file] = [...source.entries(source.root)];
  expect(file?.name).toBe('file');
  return Buffer.concat([...(source.inode(file?.key ?? 0).content?.() ?? [])]);
}

test('a block without bytes is a hole, and one that says so is stored as it is', () => {
  const start = POINTERS + 4 * 4;
  const [a, c] = [packed('a'), packed('c')];
  const ends = [a.length, a.length, a.length + PAGE, a.length + PAGE + c.length].map((end) => start + end);
  const pointers = ends.map((end, index) => u32((index === 2 ? end | STORED : end) >>> 0));
  const found = read(0o100644, 4 * PAGE, Buffer.concat([...pointers, a, page('b'), c]));
  expect(found.equals(Buffer.concat([page('a'), page('\0'), page('b'), page('c')]))).toBe(true);
});

test('direct pointers lead anywhere: to stored blocks, to packed ones behind their length, and back to what follows', () => {
  // The file: one stored block far behind, a packed one before it, then one that follows the packed one, and a short stored tail.
  const [b, c] = [packed('b'), packed('c')];
  const place = (at: number): number => Math.ceil(at / 4) * 4;
  const packedAt = place(POINTERS + 16);
  const followsAt = packedAt + 2 + b.length;
  const storedAt = place(followsAt + c.length);
  const tailAt = storedAt + PAGE;
  const content = Buffer.alloc(tailAt + 100 - POINTERS);
  const put = (bytes: Buffer, at: number): void => void bytes.copy(content, at - POINTERS);
  put(Buffer.concat([u16(b.length), b]), packedAt);
  put(c, followsAt);
  put(page('a'), storedAt);
  put(page('d', 100), tailAt);
  const direct = (at: number, flags = 0): Buffer => u32((DIRECT | flags | (at / 4)) >>> 0);
  const pointers = [direct(storedAt, STORED), direct(packedAt), u32(followsAt + c.length), direct(tailAt, STORED)];
  put(Buffer.concat(pointers), POINTERS);
  const found = read(0o100644, 3 * PAGE + 100, content);
  expect(found.equals(Buffer.concat([page('a'), page('b'), page('c'), page('d', 100)]))).toBe(true);
});

test('a sticky file is executed in place: its bytes lie where its pointers would', () => {
  const program = Buffer.concat([Buffer.from('\x7fELF'), page('x', 9000)]);
  expect(read(0o101755, program.length, program, 3).equals(program)).toBe(true);
});

test('blocks of impossible length are told', () => {
  expect(() => read(0o100644, PAGE, Buffer.concat([u32(POINTERS + 100_000), Buffer.alloc(100_000)]))).toThrow(
    'a block has no possible length',
  );
  expect(() => read(0o100644, PAGE, Buffer.concat([u32(POINTERS + 14), Buffer.alloc(10)]))).toThrow('no zlib data');
});
