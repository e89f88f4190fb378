/** Which programs of an image count: those that its processor runs, wherever the maker has put them. */
import { expect, test } from 'vitest';
import type { FileTree } from '../../../../src/core/model/files.ts';
import { binaryHardening } from '../../../../src/facts/index.ts';
import { binariesHardening } from '../../../../src/plugins/analyzers/binaries/hardening.ts';
import { analyze, treeOf } from '../../../support/tree.ts';

const [X86, MIPS, ARM, X64, AARCH64] = [3, 8, 40, 62, 183];

/** The head of a program of 64 bits that is loaded at a fixed place. */
function programOf(machine: number): Uint8Array {
  const bytes = Buffer.alloc(64 + 56);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(64, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(5, 68);
  return bytes;
}

/** The root's own tree, with what lies in /app in a container of its own that is no root. */
function withPartition(tree: FileTree, container: string): FileTree {
  const entries = [...tree.entries()].map((entry) => {
    if (!entry.name.startsWith('/app/')) return entry;
    const { root: _root, ...rest } = entry;
    return { ...rest, container };
  });
  return { ...tree, entries: () => entries };
}

const counted = async (root: number, other: number, name: string, container = 'fw.bin!squashfs') => {
  const files = { '/bin/a': programOf(root), '/bin/b': programOf(root), [name]: programOf(other) };
  const tree = treeOf(files);
  const { of } = await analyze(
    [binariesHardening],
    container === 'fw.bin!squashfs' ? tree : withPartition(tree, container),
  );
  return of(binaryHardening).find(({ file }) => file === name)?.counted;
};

test.each([
  [AARCH64, ARM, true],
  [X64, X86, true],
  [ARM, AARCH64, false],
  [MIPS, ARM, false],
])('in a root of machine %s a program of machine %s counts: %s', async (root, other, expected) => {
  expect(await counted(root, other, '/usr/bin/c')).toBe(expected);
});

test.each([
  ['fw.bin!jffs2', ARM, true],
  ['fw.bin!between-0x10!squashfs', ARM, true],
  ['fw.bin!jffs2', MIPS, false],
  ['fw.bin!squashfs/tools.zip!zip', ARM, false],
])('a program in %s of machine %s counts beside a root of its machine: %s', async (container, machine, expected) => {
  expect(await counted(ARM, machine, '/app/bin/ipc', container)).toBe(expected);
});
