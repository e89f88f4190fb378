/** The unpacking engine on small images made in the test. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type UnpackedImage, type UnpackOptions, unpackImage } from '../../../src/core/unpacking/unpack.ts';
import * as registry from '../../../src/plugins/unpackers/index.ts';
import { romfsOf } from '../../support/romfs.ts';
import { tarOf } from '../../support/tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function unpacked<T>(
  bytes: Uint8Array,
  look: (image: UnpackedImage) => T,
  options: Partial<UnpackOptions> = {},
): Promise<T> {
  const path = join(folder, 'fw.bin');
  writeFileSync(path, bytes);
  const image = await unpackImage({ path, unpackers: Object.values(registry), ...options });
  try {
    return look(image);
  } finally {
    image.dispose();
  }
}

const rootTar = (): Uint8Array =>
  tarOf([
    { name: './', type: '5', mode: 0o755 },
    { name: './etc/', type: '5', mode: 0o755 },
    { name: './etc/shadow', content: 'root:x:0:0:\n', mode: 0o600 },
    { name: './bin/', type: '5', mode: 0o755 },
    { name: './bin/busybox', content: '\x7fnot an elf', mode: 0o4755 },
    { name: './bin/sh', type: '2', link: 'busybox' },
    { name: './bin/ash', type: '1', link: './bin/busybox' },
    { name: './usr', type: '2', link: '/' },
    { name: './dev/null', type: '3', major: 1, minor: 3, mode: 0o666 },
  ]);

test('a hard link to a symbolic link is that link, not what it leads to', async () => {
  const archive = tarOf([
    { name: 'bin/busybox', content: 'x', mode: 0o4755 },
    { name: 'bin/sh', type: '2', link: 'busybox' },
    { name: 'bin/ash', type: '1', link: 'bin/sh' },
  ]);
  await unpacked(archive, ({ tree, gaps }) => {
    expect(gaps).toEqual([]);
    expect(tree.get('fw.bin!tar/bin/ash')).toMatchObject({ type: 'symlink', target: 'busybox' });
  });
});

describe('a tar at an offset of an image', () => {
  const image = Buffer.concat([Buffer.alloc(4096, 0xff), rootTar(), Buffer.alloc(2048)]);

  test('is found, opened and recognised as a root file system', async () => {
    await unpacked(image, ({ tree, containers }) => {
      expect(containers.map(({ path, format, start }) => ({ path, format, start }))).toEqual([
        { path: 'fw.bin!tar', format: 'archive/tar', start: 4096 },
      ]);
      expect(tree.roots).toEqual([{ path: 'fw.bin!tar', prefix: '/', keepsModes: true }]);
      expect(tree.get('fw.bin!tar/etc/shadow')).toMatchObject({
        name: '/etc/shadow',
        mode: 0o600,
        size: 12,
        root: 'fw.bin!tar',
      });
    });
  });

  test('has every byte accounted for once', async () => {
    await unpacked(image, ({ regions, coverage }) => {
      let at = 0;
      for (const { start, end } of regions) {
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(image.length);
      expect(coverage).toMatchObject({ unknown: 0, encrypted: 0, complete: true });
    });
  });

  test('follows links inside the root only', async () => {
    await unpacked(image, ({ tree }) => {
      const [root] = tree.roots;
      expect(tree.resolve(root!, '/bin/sh')?.name).toBe('/bin/busybox');
      expect(tree.resolve(root!, '/usr/bin/../../../etc/shadow')?.name).toBe('/etc/shadow');
      expect(tree.list(root!, '/bin').map(({ name }) => name)).toEqual(['/bin/busybox', '/bin/sh', '/bin/ash']);
      const hard = tree.get('fw.bin!tar/bin/ash');
      expect(hard).toMatchObject({ linkTo: 'fw.bin!tar/bin/busybox', size: 11, mode: 0o4755 });
      expect(Buffer.from(tree.content(hard!).read(0, 99)).toString('latin1')).toBe('\x7fnot an elf');
      expect(tree.get('fw.bin!tar/dev/null')).toMatchObject({
        type: 'character-device',
        device: { major: 1, minor: 3 },
      });
    });
  });
});

describe('hostile names', () => {
  test('are refused and told, and the rest goes on', async () => {
    const bytes = tarOf([
      { name: '../../../tmp/assay-escape', content: 'x' },
      { name: '/absolute', content: 'kept inside' },
      { name: 'link', type: '2', link: '/tmp' },
      { name: 'link/assay-escape', content: 'x' },
      { name: `${'d/'.repeat(3000)}f`, content: 'x' },
      { name: 'loop', type: '2', link: 'loop' },
      { name: 'loop/file', content: 'x' },
      { name: 'hard', type: '1', link: '../../etc/passwd' },
      { name: 'missing', type: '1', link: 'nowhere' },
      { name: 'last', content: 'seen' },
    ]);
    await unpacked(bytes, ({ tree, gaps }) => {
      const paths = [...tree.entries()].map(({ path }) => path);
      expect(paths).toContain('fw.bin!tar/absolute');
      expect(paths).toContain('fw.bin!tar/last');
      expect(paths.filter((path) => path.includes('..'))).toEqual([]);
      expect(gaps.map(({ fault }) => fault.kind).sort()).toEqual(
        ['denied', 'denied', 'malformed', 'malformed', 'over-budget'].sort(),
      );
    });
    expect(existsSync('/tmp/assay-escape')).toBe(false);
  });
});

describe('limits', () => {
  test('stop a container that holds too many files, and tell', async () => {
    const bytes = tarOf(Array.from({ length: 50 }, (_, index) => ({ name: `f${index}`, content: 'x' })));
    await unpacked(
      bytes,
      ({ gaps, coverage }) => {
        expect(gaps.some(({ fault }) => fault.kind === 'over-budget')).toBe(true);
        expect(coverage.files).toBeLessThan(30);
      },
      { limits: { files: 20 } },
    );
  });

  test('stop at the depth that is allowed', async () => {
    let bytes = tarOf([{ name: 'leaf', content: 'x' }]);
    for (let depth = 0; depth < 6; depth++) bytes = tarOf([{ name: 'inner.tar', content: bytes }]);
    await unpacked(
      bytes,
      ({ gaps, containers }) => {
        expect(containers.filter(({ opened }) => opened)).toHaveLength(3);
        expect(gaps.map(({ fault }) => fault.kind)).toContain('over-budget');
      },
      { limits: { depth: 3 } },
    );
  });
});

describe('bytes that nothing recognises', () => {
  test('an empty image is a gap over the root file system', async () => {
    await unpacked(new Uint8Array(0), ({ gaps, coverage }) => {
      expect(coverage.complete).toBe(false);
      expect(gaps.map(({ area }) => area)).toEqual(['root-file-system']);
    });
  });

  test('noise is told as such, and acknowledged where the declaration names it', async () => {
    const noise = Buffer.alloc(300_000);
    let state = 1;
    for (let index = 0; index < noise.length; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      noise[index] = state >>> 24;
    }
    await unpacked(noise, ({ coverage, gaps, regions }) => {
      expect(coverage.complete).toBe(false);
      expect(regions[0]?.entropy).toBeGreaterThan(7.9);
      expect(gaps).toHaveLength(1);
    });
    await unpacked(noise, ({ coverage }) => expect(coverage).toMatchObject({ acknowledged: 300_000, complete: true }), {
      opaque: [{ start: 0, end: 300_000, what: 'radio', why: 'made by another' }],
    });
  });

  test('runs of 0x00 and 0xFF are padding', async () => {
    await unpacked(Buffer.concat([Buffer.alloc(5000), Buffer.alloc(5000, 0xff)]), ({ coverage }) =>
      expect(coverage).toMatchObject({ padding: 10_000, complete: true }),
    );
  });
});

describe('a file of a file system that cannot be told from noise', () => {
  const noise = Buffer.concat(
    Array.from({ length: 8192 }, (_, index) => createHash('sha256').update(`${index}`).digest()),
  );

  test.each(['model.tflite', 'wifi.bin', 'voice.dat', 'cal'])(
    '%s is a file like others, and nothing is open',
    async (name) => {
      await unpacked(romfsOf({ [name]: noise }), ({ coverage, gaps, encryption }) => {
        expect(coverage).toMatchObject({ unknown: 0, encrypted: 0, complete: true });
        expect(gaps).toEqual([]);
        expect(encryption.encrypted).toBe(false);
      });
    },
  );

  test.each(['update.img', 'rootfs', 'firmware.enc', 'fw_payload.aes', 'kernel.bin'])(
    '%s is told: a firmware that was not seen into',
    async (name) => {
      await unpacked(
        romfsOf({ [name]: noise, 'notes.txt': Buffer.from('hello') }),
        ({ coverage, gaps, encryption }) => {
          expect(gaps.map(({ path, fault }) => `${fault.kind} ${path}`)).toEqual([`encrypted fw.bin!romfs/${name}`]);
          expect(coverage).toMatchObject({ unknown: 0, encrypted: 0 });
          expect(encryption).toMatchObject({ encrypted: false, how: 'a part is encrypted or looks so' });
        },
      );
    },
  );

  test('a firmware that is read is not told, whatever its name', async () => {
    await unpacked(romfsOf({ 'update.img': Buffer.concat([rootTar(), Buffer.alloc(70_000)]) }), ({ gaps, tree }) => {
      expect(gaps).toEqual([]);
      expect(tree.roots.map(({ path }) => path)).toEqual(['fw.bin!romfs/update.img!tar']);
    });
  });
});

describe('a directory', () => {
  test('becomes a tree whose modes are the host’s, without following links', async () => {
    const top = join(folder, 'rootfs');
    mkdirSync(join(top, 'etc'), { recursive: true });
    mkdirSync(join(top, 'bin'));
    writeFileSync(join(top, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
    symlinkSync('/etc', join(top, 'out'));
    const image = await unpackImage({ path: top, unpackers: Object.values(registry) });
    expect(image.tree.roots).toEqual([{ path: 'rootfs', prefix: '/', keepsModes: false }]);
    expect(image.tree.resolve(image.tree.roots[0]!, '/out/passwd')?.path).toBe('rootfs/etc/passwd');
    expect([...image.tree.entries()].filter(({ path }) => path.startsWith('rootfs/out/'))).toEqual([]);
    image.dispose();
  });
});
