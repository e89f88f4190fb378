/** Images made by the real tools: the parts that come out are those that the tools themselves take out. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { has, opened } from '../../support/unpacked.ts';

const work = mkdtempSync(join(tmpdir(), 'assay-images-'));
const sh = (script: string): string =>
  execFileSync('sh', ['-ec', script], {
    cwd: work,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
const digest = (name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(work, name)))
    .digest('hex');

beforeAll(() => {
  sh(
    `cp /usr/bin/env code; gzip -9n < code > code.gz; mkdir -p t/etc t/bin; echo 'root:x:0:0::/:/bin/sh' > t/etc/passwd; cp code t/bin/sh; tar -C t -cf rootfs.tar .`,
  );
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Hashes of all files of the tree, by path. */
const hashes = (path: string): Promise<Map<string, string | undefined>> =>
  opened(join(work, path), ({ tree, gaps }) => {
    expect(gaps.filter(({ fault }) => fault.kind !== 'unrecognised')).toEqual([]);
    return new Map([...tree.entries()].map((entry) => [entry.path, entry.sha256]));
  });

describe.skipIf(!has('mkimage') || !has('dumpimage'))('U-Boot images, beside dumpimage', () => {
  test.each(['none', 'gzip'])('a kernel packed with %s', async (compression) => {
    const data = compression === 'none' ? 'code' : 'code.gz';
    sh(
      `mkimage -A mips -O linux -T kernel -C ${compression} -n sample -d ${data} k.uimage >/dev/null; dumpimage -T kernel -p 0 -o k.out k.uimage >/dev/null`,
    );
    expect(digest('k.out')).toBe(digest(data));
    const found = await hashes('k.uimage');
    expect([...found.values()]).toContain(digest('code'));
  });

  test('several files in one', async () => {
    sh(
      'mkimage -A arm -O linux -T multi -C none -n multi -d code:rootfs.tar m.uimage >/dev/null; dumpimage -T multi -p 1 -o m.out m.uimage >/dev/null',
    );
    expect(digest('m.out')).toBe(digest('rootfs.tar'));
    const found = await hashes('m.uimage');
    expect(found.get('m.uimage!uimage/1!tar/etc/passwd')).toBe(digest('t/etc/passwd'));
    expect([...found.values()]).toContain(digest('code'));
  });

  test.each(['', '-E', '-E -p 0x4000'])('a FIT made with «%s»', async (flags) => {
    sh(`cat > f.its <<'ITS'
/dts-v1/;
/ { description = "sample"; #address-cells = <1>;
  images {
    kernel { description = "k"; data = /incbin/("code.gz"); type = "kernel"; arch = "arm"; os = "linux"; compression = "gzip"; load = <0>; entry = <0>; hash { algo = "sha256"; }; };
    root { description = "r"; data = /incbin/("rootfs.tar"); type = "ramdisk"; arch = "arm"; os = "linux"; compression = "none"; hash { algo = "sha256"; }; };
  };
  configurations { default = "c"; c { kernel = "kernel"; ramdisk = "root"; }; };
};
ITS
mkimage ${flags} -f f.its f.itb >/dev/null`);
    const found = await hashes('f.itb');
    expect(found.get('f.itb!fit/root!tar/etc/passwd')).toBe(digest('t/etc/passwd'));
    expect([...found.values()]).toContain(digest('code'));
  });
});

describe.skipIf(!has('/sbin/sfdisk'))('disks, beside sfdisk', () => {
  test.each(['gpt', 'dos'])('with a table of kind %s', async (label) => {
    sh(
      `rm -f disk; truncate -s 8M disk; printf 'label: ${label}\\nstart=2048,size=2048\\nstart=4096,size=4096\\nstart=8192,size=2048\\n' | sfdisk -q disk; dd if=rootfs.tar of=disk bs=512 seek=4096 conv=notrunc status=none`,
    );
    const { partitiontable } = JSON.parse(sh('sfdisk -J disk')) as {
      partitiontable: { partitions: { start: number; size: number }[] };
    };
    expect(partitiontable.partitions).toHaveLength(3);
    await opened(join(work, 'disk'), ({ tree, containers, coverage }) => {
      expect(containers[0]?.note).toBe('3 partitions');
      expect(containers.find(({ format }) => format === 'archive/tar')?.path).toBe(
        `disk!${label === 'gpt' ? 'gpt' : 'mbr'}/p2!tar`,
      );
      expect(tree.roots).toHaveLength(1);
      expect(coverage.complete).toBe(true);
    });
  });
});

describe('other images, beside the tools that undo them', () => {
  test.skipIf(!has('img2simg'))('an Android sparse image', async () => {
    sh(
      'truncate -s 1M raw; dd if=rootfs.tar of=raw bs=4096 seek=3 conv=notrunc status=none; img2simg raw sparse.img 4096; simg2img sparse.img raw.out',
    );
    expect(digest('raw.out')).toBe(digest('raw'));
    const found = await hashes('sparse.img');
    expect(found.get('sparse.img!android-sparse/image')).toBe(digest('raw'));
  });

  test.skipIf(!has('objcopy')).each(['ihex', 'srec'])('%s, as objcopy writes it', async (format) => {
    sh(`objcopy -I binary -O ${format} --change-addresses 0x8000000 code code.${format}`);
    const found = await hashes(`code.${format}`);
    expect([...found.values()]).toContain(digest('code'));
  });

  test.skipIf(!has('mkenvimage')).each(['', '-r', '-b'])('a U-Boot environment made with «%s»', async (flags) => {
    sh(
      `printf 'bootcmd=run x\\nbootdelay=2\\n' > env.txt; mkenvimage ${flags} -s 0x4000 -o env.bin env.txt; head -c 8192 /dev/zero | cat - env.bin > flash.bin`,
    );
    await opened(join(work, 'flash.bin'), ({ containers }) => {
      expect(containers.map(({ format, start, end }) => [format, start, end])).toEqual([
        ['image/uboot-environment', 8192, 8192 + 0x4000],
      ]);
    });
  });

  test.skipIf(!has('mender-artifact'))('a Mender artefact', async () => {
    sh('mender-artifact write rootfs-image -t sample -n release-1 -f rootfs.tar -o a.mender >/dev/null');
    const found = await hashes('a.mender');
    const passwd = [...found].find(([path]) => path.endsWith('/etc/passwd'));
    expect(passwd?.[1]).toBe(digest('t/etc/passwd'));
  });

  test.skipIf(!has('cpio'))('a SWUpdate artefact', async () => {
    sh(
      'printf "software = { version = \\"1\\"; images: ({ filename = \\"rootfs.tar\\"; device = \\"/dev/x\\"; }); }\\n" > sw-description; (echo sw-description; echo rootfs.tar) | cpio -o -H crc > a.swu 2>/dev/null',
    );
    const found = await hashes('a.swu');
    expect(found.get('a.swu!cpio/rootfs.tar!tar/etc/passwd')).toBe(digest('t/etc/passwd'));
    expect(found.has('a.swu!cpio/sw-description')).toBe(true);
  });

  test.skipIf(!has('rauc'))('an encrypted RAUC bundle is told as encrypted, and nothing of it as seen', async () => {
    sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=sample -days 3650 2>/dev/null; rm -rf sealed c.raucb; mkdir sealed; head -c 200000 /dev/urandom > sealed/app.img
printf '[update]\\ncompatible=sample\\nversion=1\\n[bundle]\\nformat=crypt\\n[image.appfs]\\nfilename=app.img\\n' > sealed/manifest.raucm
rauc --cert=cert.pem --key=key.pem bundle sealed c.raucb >/dev/null 2>&1`);
    await opened(join(work, 'c.raucb'), ({ containers, encryption, gaps, tree }) => {
      expect(containers[0]).toMatchObject({ format: 'image/rauc', note: 'crypt' });
      expect(encryption.encrypted).toBe(true);
      expect(gaps.map(({ fault }) => fault.kind)).toContain('encrypted');
      expect([...tree.entries()]).toEqual([]);
    });
  });

  test.skipIf(!has('rauc'))('a RAUC bundle whose file system is read and whose signature is seen', async () => {
    sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=sample -days 3650 2>/dev/null; rm -rf bundle a.raucb; mkdir bundle; cp rootfs.tar bundle/; head -c 60000 /dev/urandom > bundle/app.img
printf '[update]\\ncompatible=sample\\nversion=1\\n[bundle]\\nformat=verity\\n[image.rootfs]\\nfilename=rootfs.tar\\n[image.appfs]\\nfilename=app.img\\n' > bundle/manifest.raucm
rauc --cert=cert.pem --key=key.pem bundle bundle a.raucb >/dev/null 2>&1`);
    await opened(join(work, 'a.raucb'), ({ containers, tree }) => {
      expect(containers[0]).toMatchObject({ format: 'image/rauc', note: 'verity' });
      expect([...tree.entries()].some(({ path }) => path.endsWith('rootfs.tar!tar/etc/passwd'))).toBe(true);
    });
  });
});
