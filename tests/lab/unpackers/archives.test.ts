/** Archives made by the real tools: names, contents, modes, owners and links equal to what went in. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { has, type Kept, linesIn, linesOnDisk, opened, sampleTree } from '../../support/unpacked.ts';

const work = mkdtempSync(join(tmpdir(), 'assay-archives-'));
const tree = join(work, 'tree');
beforeAll(() => sampleTree(tree));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const sh = (script: string): void => {
  execFileSync('sh', ['-ec', script], { cwd: work, stdio: 'pipe' });
};
const ALL: Kept = { modes: true, owners: true };
const MODES: Kept = { modes: true, owners: false };
const NONE: Kept = { modes: false, owners: false };

interface Case {
  readonly name: string;
  readonly tool: string;
  readonly make: string;
  readonly container: string;
  readonly kept: Kept;
  /** Leaves out what the format cannot hold. */
  readonly without?: RegExp;
}

const LONG = /\/l{100,} /;
const DEV = /^\/dev/;
const cases: readonly Case[] = [
  ...['ustar', 'posix', 'gnu', 'oldgnu'].map((format) => ({
    name: `tar --format=${format}`,
    tool: 'tar',
    make: `tar --format=${format} ${format === 'ustar' ? '--exclude="llll*"' : ''} -C tree -cf out.bin .`,
    container: 'out.bin!tar',
    kept: ALL,
    ...(format === 'ustar' ? { without: LONG } : {}),
  })),
  {
    name: 'tar of GNU with holes',
    tool: 'tar',
    make: 'tar --format=gnu --sparse -C tree -cf out.bin .',
    container: 'out.bin!tar',
    kept: ALL,
  },
  ...['0.0', '0.1', '1.0'].map((version) => ({
    name: `tar of pax with holes, ${version}`,
    tool: 'tar',
    make: `tar --format=posix --sparse --sparse-version=${version} -C tree -cf out.bin .`,
    container: 'out.bin!tar',
    kept: ALL,
  })),
  { name: 'tar.gz', tool: 'tar', make: 'tar -C tree -czf out.bin .', container: 'out.bin!gzip!tar', kept: ALL },
  ...['newc', 'crc', 'odc', 'bin'].map((format) => ({
    name: `cpio -H ${format}`,
    tool: 'cpio',
    make: `cd tree && find . | cpio -o -H ${format} > ../out.bin 2>/dev/null`,
    container: 'out.bin!cpio',
    kept: ALL,
  })),
  {
    name: 'cpio -H bin, bytes swapped',
    tool: 'busybox',
    make: 'cd tree && find . | cpio -o -H bin 2>/dev/null > ../plain.bin; cd ..; tail -c +1 plain.bin > out.bin',
    container: 'out.bin!cpio',
    kept: ALL,
  },
  {
    name: 'zip -y',
    tool: 'zip',
    make: 'cd tree && zip -qry ../out.bin.zip . -x "dev/*" && mv ../out.bin.zip ../out.bin',
    container: 'out.bin!zip',
    kept: MODES,
    without: DEV,
  },
  {
    name: 'zip, stored',
    tool: 'zip',
    make: 'cd tree && zip -0qry ../out.bin.zip . -x "dev/*" && mv ../out.bin.zip ../out.bin',
    container: 'out.bin!zip',
    kept: MODES,
    without: DEV,
  },
  {
    name: 'zip from a pipe (data descriptors)',
    tool: 'zip',
    make: 'cd tree && zip -qry - . -x "dev/*" | cat > ../out.bin',
    container: 'out.bin!zip',
    kept: MODES,
    without: DEV,
  },
  {
    name: '7z',
    tool: '7z',
    make: '7z a -snl out.bin.7z ./tree/* >/dev/null && mv out.bin.7z out.bin',
    container: 'out.bin!seven-zip',
    kept: NONE,
    without: DEV,
  },
  {
    name: 'cab',
    tool: 'gcab',
    make: 'cd tree && gcab -c ../out.bin etc/passwd bin/busybox usr/lib/libx.so',
    container: 'out.bin!cab',
    kept: NONE,
    without: /^\/(?!etc\/passwd |bin\/busybox |usr\/lib\/libx\.so |etc |bin |usr |usr\/lib )/,
  },
  {
    name: 'iso9660 with Rock Ridge',
    tool: 'genisoimage',
    make: 'genisoimage -quiet -R -o out.bin tree',
    container: 'out.bin!iso9660',
    kept: ALL,
  },
];

describe.each(cases)('$name', ({ tool, make, container, kept, without }) => {
  test.skipIf(!has(tool))('holds what went in', async () => {
    sh(`rm -f out.bin; ${make}`);
    const want = linesOnDisk(tree, kept).filter((line) => without?.test(line) !== true);
    await opened(join(work, 'out.bin'), (image) => {
      expect(image.gaps).toEqual([]);
      expect(linesIn(image, container, kept).filter((line) => without?.test(line) !== true)).toEqual(want);
      expect(image.coverage.complete).toBe(true);
    });
  });
});

describe('packages', () => {
  test.skipIf(!has('dpkg-deb'))('a Debian package holds its control and its data', async () => {
    sh(`rm -rf deb out.bin; mkdir -p deb; cp -a tree deb/t; cp -a deb/t/etc deb/t/bin deb/; rm -rf deb/t; mkdir deb/DEBIAN
printf 'Package: sample\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: nobody <nobody@example.com>\\nDescription: sample\\n' > deb/DEBIAN/control
dpkg-deb -Zxz -b deb out.bin`);
    await opened(join(work, 'out.bin'), (image) => {
      expect(image.gaps).toEqual([]);
      const data = 'out.bin!ar/data.tar.xz!xz!tar';
      const want = linesOnDisk(join(work, 'deb'), ALL).filter((line) => !line.startsWith('/DEBIAN'));
      expect(linesIn(image, data, ALL)).toEqual(want);
      expect(image.tree.roots.map(({ path }) => path)).toEqual([data]);
      expect(image.tree.get('out.bin!ar/control.tar.xz!xz!tar/control')?.type).toBe('file');
    });
  });

  test.skipIf(!has('rpmbuild'))('an RPM package holds its payload with modes', async () => {
    sh(`rm -rf rpm out.bin; mkdir -p rpm
cat > rpm/s.spec <<'SPEC'
Name: sample
Version: 1
Release: 1
Summary: sample
License: none
%description
sample
%install
mkdir -p %{buildroot}/etc %{buildroot}/bin
cp ${work}/tree/etc/shadow %{buildroot}/etc/shadow
cp ${work}/tree/bin/busybox %{buildroot}/bin/busybox
ln -s busybox %{buildroot}/bin/sh
%files
%attr(600,root,root) /etc/shadow
%attr(4755,root,root) /bin/busybox
/bin/sh
SPEC
rpmbuild --quiet --define "_topdir ${work}/rpm" --define "__strip /bin/true" -bb rpm/s.spec >/dev/null 2>&1
cp rpm/RPMS/*/*.rpm out.bin`);
    await opened(join(work, 'out.bin'), (image) => {
      expect(image.gaps).toEqual([]);
      const entries = [...image.tree.entries()];
      expect(entries.find(({ name }) => name === '/etc/shadow')).toMatchObject({ mode: 0o600, size: 22 });
      expect(entries.find(({ name }) => name === '/bin/busybox')).toMatchObject({ mode: 0o4755, size: 70_000 });
      expect(entries.find(({ name }) => name === '/bin/sh')).toMatchObject({ type: 'symlink', target: 'busybox' });
    });
  });
});

describe('what cannot be read', () => {
  test.skipIf(!has('zip'))('an encrypted zip is told, and what is not encrypted in it is read', async () => {
    sh(
      'rm -f out.zip out.bin; cd tree && zip -qP secret ../out.zip etc/passwd && zip -q ../out.zip etc/shadow && mv ../out.zip ../out.bin',
    );
    await opened(join(work, 'out.bin'), (image) => {
      expect(image.gaps.map(({ fault }) => fault.kind)).toContain('encrypted');
      // One member of many: the archive as it is delivered is not encrypted, and the gap tells the member.
      expect(image.encryption).toMatchObject({ encrypted: false, how: 'a part is encrypted or looks so' });
      expect(image.tree.get('out.bin!zip/etc/shadow')?.size).toBe(22);
    });
  });

  test.skipIf(!has('7z'))('an encrypted 7z is told', async () => {
    sh('rm -f out.7z out.bin; 7z a -psecret -mhe out.7z tree/etc >/dev/null; mv out.7z out.bin');
    await opened(join(work, 'out.bin'), (image) =>
      expect(image.gaps.map(({ fault }) => fault.kind)).toContain('encrypted'),
    );
  });

  test.each([
    'tar -C tree -cf out.bin .',
    'tar -C tree -cJf out.bin .',
    '(cd tree; find . | cpio -o -H newc 2>/dev/null) > out.bin',
    '(cd tree; zip -qry - . -x "dev/*") > out.bin',
  ])('cut off at ten places, `%s` is told each time', async (make) => {
    sh(`rm -f out.bin; ${make}`);
    for (let tenth = 0; tenth < 10; tenth++) {
      sh(`size=$(stat -c %s out.bin); head -c $((size * ${tenth} / 10 + 7)) out.bin > cut.bin`);
      await opened(join(work, 'cut.bin'), (image) =>
        expect(image.gaps.length, `at ${tenth} tenths`).toBeGreaterThan(0),
      );
    }
  });
});
