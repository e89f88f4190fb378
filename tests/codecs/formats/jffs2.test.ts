/** The newest state of a log: deletions, renames, nodes out of order, spoilt nodes. The nodes are written here by the specification. */
import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { extentOfJffs2, openJffs2 } from '../../../src/codecs/formats/jffs2.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';

const crc = (bytes: Uint8Array): number => (crc32(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;

function node(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(0x1985, 0);
  head.writeUInt16LE(type, 2);
  head.writeUInt32LE(12 + body.length, 4);
  head.writeUInt32LE(crc(head.subarray(0, 8)), 8);
  const whole = Buffer.concat([head, body]);
  return Buffer.concat([whole, Buffer.alloc((4 - (whole.length & 3)) & 3, 0xff)]);
}

function dirent(parent: number, version: number, inode: number, name: string): Buffer {
  const body = Buffer.alloc(28 + name.length);
  for (const [i, value] of [parent, version, inode, 0].entries()) body.writeUInt32LE(value, i * 4);
  body[16] = name.length;
  body[17] = 8;
  body.write(name, 28);
  const whole = node(0xe001, body);
  whole.writeUInt32LE(crc(whole.subarray(0, 32)), 32);
  whole.writeUInt32LE(crc(Buffer.from(name)), 36);
  return whole;
}

function inode(
  number: number,
  version: number,
  size: number,
  offset: number,
  content: string,
  compressed = false,
): Buffer {
  const data = compressed ? deflateSync(content) : Buffer.from(content);
  const body = Buffer.alloc(56 + data.length);
  body.writeUInt32LE(number, 0);
  body.writeUInt32LE(version, 4);
  body.writeUInt32LE(0o100644, 8);
  body.writeUInt32LE(size, 16);
  body.writeUInt32LE(offset, 32);
  body.writeUInt32LE(data.length, 36);
  body.writeUInt32LE(content.length, 40);
  body[44] = compressed ? 6 : 0;
  body.writeUInt32LE(crc(data), 48);
  data.copy(body, 56);
  const whole = node(0xe002, body);
  whole.writeUInt32LE(crc(whole.subarray(0, 60)), 64);
  return whole;
}

function read(...nodes: readonly Buffer[]): { readonly [name: string]: string } {
  const source = openJffs2(memoryBlob(Buffer.concat(nodes)), true);
  return Object.fromEntries(
    [...source.entries(1)].map(({ name, key }) => [
      name,
      Buffer.concat([...(source.inode(key).content?.() ?? [])]).toString(),
    ]),
  );
}

describe('the newest state of a JFFS2 log', () => {
  const old = inode(5, 1, 3, 0, 'old');
  const named = dirent(1, 1, 5, 'file');

  test('a newer node lies over an older one, wherever it stands', () => {
    const newer = inode(5, 2, 3, 0, 'new', true);
    expect(read(named, old, newer)).toEqual({ file: 'new' });
    expect(read(newer, old, named)).toEqual({ file: 'new' });
  });

  test('what was deleted is gone, and what was renamed has its new name', () => {
    expect(read(named, old, dirent(1, 2, 0, 'file'))).toEqual({});
    expect(read(dirent(1, 2, 0, 'file'), named, old, dirent(1, 3, 5, 'other'))).toEqual({ other: 'old' });
  });

  test('parts overlap, and truncation leaves no old bytes behind', () => {
    expect(read(named, inode(5, 1, 6, 0, 'abcdef'), inode(5, 2, 6, 2, 'XY'))).toEqual({ file: 'abXYef' });
    expect(read(named, inode(5, 1, 6, 0, 'abcdef'), inode(5, 2, 2, 2, ''), inode(5, 3, 5, 4, 'Z'))).toEqual({
      file: 'ab\0\0Z',
    });
  });

  test('a spoilt node is left out and told', () => {
    const spoilt = inode(5, 2, 3, 0, 'bad');
    spoilt[68] = 0x21;
    const source = openJffs2(memoryBlob(Buffer.concat([named, old, spoilt])), true);
    const [first] = [...source.entries(1)];
    expect(Buffer.concat([...source.inode(first!.key).content!()]).toString()).toBe('old');
    expect(source.faults).toEqual(['1 nodes fail their CRC and were left out']);
  });

  test('the log ends with its last node, over erased flash but not over other bytes', () => {
    const erased = Buffer.alloc(8192, 0xff);
    const log = Buffer.concat([named, erased, old]);
    expect(extentOfJffs2(memoryBlob(Buffer.concat([log, erased])), true)?.end).toBe(log.length);
    const far = Buffer.concat([named, old, Buffer.alloc(200_000, 0x5a), old]);
    expect(extentOfJffs2(memoryBlob(far), true)?.end).toBe(named.length + old.length);
  });
});
