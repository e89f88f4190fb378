/** Images that were made to harm: each is told, bounded, and leaves nothing behind. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Unpacker } from '../../../src/core/model/unpacker.ts';
import type { UnpackOptions } from '../../../src/core/unpacking/unpack.ts';
import { gzipQuine, zipQuine } from '../../support/quines.ts';
import { tarOf } from '../../support/tar.ts';
import { opened, unpackers } from '../../support/unpacked.ts';
import { type ZipInput, zipOf } from '../../support/zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
const before = process.env['TMPDIR'];
beforeAll(() => {
  mkdirSync(join(folder, 'tmp'));
  process.env['TMPDIR'] = join(folder, 'tmp');
});
afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly kinds: readonly string[];
  readonly paths: readonly string[];
  readonly messages: string;
}

async function seen(bytes: Uint8Array, options: Partial<UnpackOptions> = {}): Promise<Seen> {
  const path = join(folder, 'fw.bin');
  writeFileSync(path, bytes);
  const result = await opened(
    path,
    ({ gaps, tree }) => ({
      kinds: gaps.map(({ fault }) => fault.kind),
      paths: [...tree.entries()].map((entry) => entry.path),
      messages: gaps.map(({ path: at, fault }) => `${at}: ${fault.message}`).join('\n'),
    }),
    options,
  );
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  return result;
}

const zeros = Buffer.alloc(16 * 2 ** 20);

describe('names', () => {
  test.each<[string, ZipInput['name']]>([
    ['a parent folder', '../../../../tmp/assay-slip'],
    ['a parent in the middle', 'a/../../assay-slip'],
    ['a NUL', 'etc/pass\0wd'],
    ['too long a part', 'x'.repeat(300)],
    ['too long a path', 'd/'.repeat(3000)],
    ['65,535 folders', `${'a/'.repeat(30_000)}f`],
  ])('with %s are refused in a zip, and the next member is read', async (_, name) => {
    const { kinds, paths } = await seen(
      zipOf([
        { name, content: 'x' },
        { name: 'good', content: 'y' },
      ]),
    );
    expect(kinds).toHaveLength(1);
    expect(['denied', 'over-budget', 'malformed']).toContain(kinds[0]);
    expect(paths).toContain('fw.bin!zip/good');
    expect(paths.filter((path) => path.includes('..'))).toEqual([]);
    expect(existsSync('/tmp/assay-slip')).toBe(false);
  });

  test('with control characters are kept as they are, and shown harmless in messages', async () => {
    const { paths } = await seen(tarOf([{ name: 'a\u001b[2Jb', content: 'x' }]));
    expect(paths).toContain('fw.bin!tar/a\u001b[2Jb');
    const refused = await seen(tarOf([{ name: '../\u001b[2J', content: 'x' }]));
    expect(refused.messages).not.toContain('\u001b');
  });

  test('below a link that leads out stay inside', async () => {
    const { paths } = await seen(
      tarOf([
        { name: 'out', type: '2', link: '../../../../../../tmp' },
        { name: 'out/assay-slip', content: 'x' },
      ]),
    );
    expect(paths).toContain('fw.bin!tar/tmp/assay-slip');
    expect(existsSync('/tmp/assay-slip')).toBe(false);
  });

  test('that lead in a circle of links are refused', async () => {
    const { kinds } = await seen(
      tarOf([
        { name: 'a', type: '2', link: 'b' },
        { name: 'b', type: '2', link: 'a' },
        { name: 'a/file', content: 'x' },
      ]),
    );
    expect(kinds).toEqual(['malformed']);
  });
});

describe('sizes', () => {
  test('a gzip bomb ends at the ratio of its container', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 2 ** 20), { level: 9 });
    const { kinds } = await seen(bomb, { limits: { ratio: 100 } });
    expect(kinds).toContain('over-budget');
  });

  test('a zip of zips of zeros ends at the bytes of the image', async () => {
    const inner = zipOf(
      Array.from({ length: 8 }, (_, index) => ({ name: `${index}`, content: zeros.subarray(0, 2 ** 20) })),
    );
    const middle = zipOf(Array.from({ length: 8 }, (_, index) => ({ name: `${index}.zip`, content: inner })));
    const outer = zipOf(Array.from({ length: 8 }, (_, index) => ({ name: `${index}.zip`, content: middle })));
    const { kinds } = await seen(outer, { limits: { bytes: 20 * 2 ** 20 } });
    expect(kinds).toContain('over-budget');
  });

  test('zip members that share their bytes are refused', async () => {
    const { kinds, messages } = await seen(zipOf([{ name: 'a', content: zeros.subarray(0, 100_000) }], 5));
    expect(kinds).toHaveLength(4);
    expect(messages).toContain('shares its bytes');
  });

  test('a sparse file of ten petabytes is told before a byte of it is written', async () => {
    const map = '1\n0\n1\n';
    const pax = [
      'GNU.sparse.major=1',
      'GNU.sparse.minor=0',
      'GNU.sparse.name=huge',
      `GNU.sparse.realsize=${10 * 2 ** 50}`,
    ];
    const records = pax.map((record) => {
      const length = record.length + 4 < 100 ? record.length + (record.length + 3 < 10 ? 3 : 4) : record.length + 5;
      return `${length} ${record}\n`;
    });
    const data = Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from('x')]);
    const { kinds } = await seen(
      tarOf([
        { name: 'pax', type: 'x', content: records.join('') },
        { name: 'huge', content: data },
      ]),
      {
        limits: { bytes: 2 ** 20 },
      },
    );
    expect(kinds).toContain('over-budget');
  });

  test('a member that says it has 8 GiB is cut off', async () => {
    const { kinds } = await seen(tarOf([{ name: 'big', content: 'x', size: 0o77777777777 }]));
    expect(kinds).toContain('truncated');
  });

  test('a deflated member that is longer than it says stops there', async () => {
    const { kinds } = await seen(zipOf([{ name: 'liar', content: zeros, size: 10 }]));
    expect(kinds).toContain('malformed');
  });
});

describe('depth', () => {
  test('containers in containers end at the depth that is allowed', async () => {
    let bytes: Buffer = gzipSync('x');
    for (let depth = 0; depth < 40; depth++) bytes = gzipSync(bytes);
    const { kinds } = await seen(bytes);
    expect(kinds).toContain('over-budget');
  });

  test('a container that holds itself is opened once', async () => {
    const mirror: Unpacker = {
      id: 'test/mirror',
      title: 'Mirror',
      class: 'archive',
      magic: [{ bytes: [...Buffer.from('MIRROR')] }],
      locate: (blob, offset) => ({ start: offset, end: blob.size }),
      unpack: (container, into) => into.file('again', container),
    };
    const { messages, paths } = await seen(Buffer.from('MIRROR\x00\x01'.repeat(20_000)), { unpackers: [mirror] });
    expect(messages).toContain('holds itself');
    expect(paths.filter((path) => path.includes('again'))).toHaveLength(1);
  });

  test('a gzip file that unpacks to itself is opened once', async () => {
    const quine = gzipQuine();
    expect(gunzipSync(quine)).toEqual(quine);
    const { messages, kinds } = await seen(quine);
    expect(kinds).toEqual(['over-budget', 'unrecognised']);
    expect(messages).toContain('holds itself: not opened again');
  });

  test('a zip archive that holds itself is opened once', async () => {
    const quine = zipQuine();
    const head = 30 + quine.readUInt16LE(26);
    expect(inflateRawSync(quine.subarray(head))).toEqual(quine);
    const { messages, kinds, paths } = await seen(quine);
    expect(kinds).toEqual(['over-budget']);
    expect(messages).toContain('holds itself: not opened again');
    expect(paths).toEqual(['fw.bin!zip/', 'fw.bin!zip/this-archive-holds-itself-.zip']);
  });

  test('sixteen archives in each of sixteen, five times over, end at the bytes of the image', async () => {
    let bytes: Buffer = zipOf([{ name: '0.dll', content: zeros }]);
    for (const level of ['page', 'doc', 'chapter', 'book', 'lib'])
      bytes = zipOf(Array.from({ length: 16 }, (_, index) => ({ name: `${level} ${index}.zip`, content: bytes })));
    expect(bytes.length).toBeLessThan(42_374);
    const { kinds, messages } = await seen(bytes, { limits: { bytes: 128 * 2 ** 20 } });
    expect(kinds).toContain('over-budget');
    expect(messages).toContain('more than 134217728 bytes unpacked from one image');
  });

  test('a directory with a circle of links ends', async () => {
    const top = join(folder, 'circle');
    mkdirSync(join(top, 'etc'), { recursive: true });
    writeFileSync(join(top, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
    symlinkSync('..', join(top, 'etc/up'));
    await opened(top, ({ tree }) => {
      expect([...tree.entries()]).toHaveLength(4);
      expect(tree.resolve(tree.roots[0]!, '/etc/up/etc/up/etc/passwd')?.name).toBe('/etc/passwd');
    });
  });
});

describe('an unpacker with a bug', () => {
  test.each(['locate', 'unpack'] as const)('in %s is told as ours, and the other formats go on', async (where) => {
    const broken: Unpacker = {
      id: 'test/broken',
      title: 'Broken',
      class: 'archive',
      magic: [{ bytes: [...Buffer.from('BROKEN')] }],
      locate: (_, offset) => {
        if (where === 'locate') throw new TypeError('bug');
        return { start: offset, end: offset + 6 };
      },
      unpack: () => Promise.reject(new TypeError('bug')),
    };
    const bytes = Buffer.concat([Buffer.from('BROKEN'), Buffer.alloc(506), tarOf([{ name: 'good', content: 'x' }])]);
    const { kinds, paths } = await seen(bytes, { unpackers: [...unpackers, broken] });
    expect(kinds).toContain('bug');
    expect(paths).toContain('fw.bin!tar/good');
  });
});

describe('stopping', () => {
  test('an abort ends the work and removes what was written', async () => {
    const path = join(folder, 'fw.bin');
    writeFileSync(path, gzipSync(tarOf([{ name: 'a', content: zeros }])));
    await expect(opened(path, () => undefined, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });
});

describe('every fixture, cut off', () => {
  const top = 'fixtures/unpackers';
  const fixtures = ['archive', 'image'].flatMap((family) =>
    readdirSync(`${top}/${family}`).map((name) => `${top}/${family}/${name}`),
  );
  test('at three places is never accounted for twice or not at all', async () => {
    for (const fixture of fixtures.filter((name) => !/make\.|iso|7z|cab/.test(name))) {
      const whole = readFileSync(fixture);
      for (let part = 1; part < 4; part++) {
        const path = join(folder, 'cut.bin');
        const bytes = whole.subarray(0, Math.floor((whole.length * part) / 4) + 1);
        writeFileSync(path, bytes);
        await opened(path, ({ regions }) => {
          let at = 0;
          for (const { start, end } of regions) {
            expect(start, fixture).toBe(at);
            at = end;
          }
          expect(at, fixture).toBe(bytes.length);
        });
      }
    }
  });
});

test('what the test writes is what the formats are', () => {
  const zip = zipOf([{ name: 'a', content: 'abc' }]);
  expect(zip.readUInt32LE(14)).toBe(crc32('abc'));
  expect(zip.subarray(31, 31 + deflateRawSync('abc').length)).toEqual(deflateRawSync('abc'));
});
