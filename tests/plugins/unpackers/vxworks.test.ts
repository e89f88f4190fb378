/** Images of VxWorks routers, for which there is no tool: an IMG0 around a file system of LZMA files, laid out field by field. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { memfs } from '../../../src/plugins/unpackers/index.ts';
import { unpackAlone } from '../../support/sink.ts';
import { opened } from '../../support/unpacked.ts';

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const page = Buffer.from('<html>a page of a router, again and again</html>\n'.repeat(30));
const packed = execFileSync('xz', ['--format=lzma', '-c'], { input: page });
const FILES: readonly (readonly [string, Buffer])[] = [
  ['index.htm', packed],
  ['plain.txt', Buffer.from('not packed at all')],
];

function pages(hole = 0): Buffer {
  let at = 44 + FILES.length * 48 + hole;
  const table = FILES.map(([name, bytes]) => {
    const entry = Buffer.concat([Buffer.alloc(40).fill(name, 0, name.length), u32(bytes.length), u32(at)]);
    at += bytes.length;
    return entry;
  });
  const bytes = FILES.map(([, content]) => content);
  return Buffer.concat([
    Buffer.from('ow'.repeat(16)),
    u32(1),
    u32(FILES.length),
    u32(at),
    ...table,
    Buffer.alloc(hole, 0xa5),
    ...bytes,
  ]);
}

test('the files are unpacked, a broken one is told and the rest goes on', async () => {
  const { entries, broken } = await unpackAlone(memfs, memoryBlob(pages()));
  expect(broken).toEqual([]);
  expect(entries.get('/index.htm')?.sha256).toBe(createHash('sha256').update(page).digest('hex'));
  expect(entries.has('/plain.txt')).toBe(true);
  const cut = await unpackAlone(memfs, memoryBlob(pages().subarray(0, -4)));
  expect(cut.broken.join()).toContain('plain.txt');
  expect(cut.entries.has('/index.htm')).toBe(true);
});

test('an IMG0 says where its parts lie', async () => {
  const body = pages();
  const head = Buffer.concat([
    Buffer.from('IMG0'),
    u32(0x80 + body.length),
    Buffer.alloc(56),
    u32(0x80),
    u32(body.length),
  ]);
  const image = Buffer.concat([head, Buffer.alloc(0x80 - head.length), body]);
  const folder = mkdtempSync(join(tmpdir(), 'assay-img0-'));
  try {
    writeFileSync(join(folder, 'fw.bin'), image);
    await opened(join(folder, 'fw.bin'), ({ containers, coverage, gaps }) => {
      expect(containers.map(({ format }) => format)).toEqual(['image/img0', 'filesystem/memfs']);
      expect(coverage.unknown).toBe(0);
      expect(gaps).toEqual([]);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('bytes that belong to no file are not understood', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-memfs-'));
  try {
    const path = join(folder, 'pages.bin');
    writeFileSync(path, pages(5000));
    expect(await opened(path, ({ coverage }) => coverage.unknown)).toBe(5000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
