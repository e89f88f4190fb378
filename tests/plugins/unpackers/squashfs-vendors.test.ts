/** SquashFS as vendors of routers wrote it and no tool of today does, laid out field by field around real LZMA data. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { BlockReader } from '../../../src/codecs/formats/squashfs-blocks.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { squashfs } from '../../../src/plugins/unpackers/index.ts';
import { unpackAlone } from '../../support/sink.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const text = Buffer.from('a page of a router, again and again\n'.repeat(40));
/** Raw LZMA with an end marker, as the encoders of those days left it. */
const lzma = execFileSync('xz', ['--format=raw', '--lzma1=dict=64KiB,lc=1,lp=2,pb=2', '-c'], { input: text });
const properties = Buffer.from([(2 * 5 + 2) * 9 + 1, 0, 0, 0, 1]);
const block = Buffer.concat([properties, lzma]);

test('LZMA behind five bytes is read where its first byte is any and its end marker comes before the limit', () => {
  const odd = Buffer.from(block);
  odd[5] = 0x3f;
  for (const bytes of [block, odd]) {
    const reader = new BlockReader('lzma');
    expect(Buffer.from(reader.read(bytes, 8192)).equals(text)).toBe(true);
    expect(reader.way).toBe('lzma with five header bytes');
  }
});

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer =>
  Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const u64 = (value: number): Buffer => Buffer.concat([u32(0), u32(value)]);
const plain = (bytes: Buffer): Buffer => Buffer.concat([u16(0x8000 | bytes.length), bytes]);

/** Version 2, big-endian, metadata uncompressed, one block of LZMA that three files share. */
function second(): Buffer {
  const names = ['a', 'page.html', 'zz'];
  const file = Buffer.concat([
    ...[u16((2 << 12) | 0o644), Buffer.from([0, 255]), u32(1000), u32(63), u32(0xffffffff), u32(0), u32(text.length)],
    u32(block.length),
  ]);
  const entries = names.map((name, index) =>
    Buffer.concat([u16(((index * file.length) << 3) | 2), Buffer.from([name.length - 1]), Buffer.from(name)]),
  );
  const listing = Buffer.concat([Buffer.from([names.length - 1, 0, 0, 0]), ...entries]);
  const root = Buffer.concat([
    ...[u16((1 << 12) | 0o755), Buffer.from([0, 255]), u32(listing.length << 13), u32(1000), Buffer.from([0, 0, 0])],
  ]);
  const inodes = plain(Buffer.concat([file, file, file, root]));
  const directories = plain(listing);
  const inodeTable = 63 + block.length;
  const directoryTable = inodeTable + inodes.length;
  const uids = directoryTable + directories.length;
  const superblock = Buffer.concat([
    ...[Buffer.from('sqsh'), u32(4), u32(uids + 4), u32(uids), u32(uids + 4), u32(inodeTable), u32(directoryTable)],
    ...[u16(2), u16(0), u16(0), u16(16), Buffer.from([0x11, 1, 0]), u32(1000), u64(3 * file.length), u32(65_536)],
    ...[u32(0), u32(directoryTable)],
  ]);
  return Buffer.concat([superblock, block, inodes, directories, u32(0), Buffer.alloc(128)]);
}

test('version 2 counts what a directory holds, and its first block tells how blocks are packed', async () => {
  const { entries, broken } = await unpackAlone(squashfs, memoryBlob(second()));
  expect(broken).toEqual([]);
  expect([...entries.keys()].sort()).toEqual(['/', '/a', '/page.html', '/zz']);
  expect(entries.get('/zz')).toMatchObject({ type: 'file', sha256: sha256(text), mode: 0o644 });
});
