/** `assay unpack IMAGE`: what an image holds; its files beside a manifest with their modes and owners. */
import { existsSync, readdirSync } from 'node:fs';
import type { FileEntry } from '../../core/model/files.ts';
import type { UnpackedImage } from '../../core/unpacking/unpack.ts';
import { UsageError } from '../../lib/fault.ts';
import { bytes, plural, safeText } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { unpackers } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { extract } from '../extract.ts';
import { locate } from '../files.ts';
import type { Io } from '../io.ts';
import { openPool } from '../pool.ts';

export async function run({ arguments: [path], options, io, signal }: Call): Promise<number> {
  if (path === undefined) throw new UsageError('the image is missing', 'assay unpack IMAGE');
  const [image] = locate([path]);
  if (image === undefined) throw new UsageError(`${path}: there is no such file`);
  const out = typeof options['out'] === 'string' ? options['out'] : undefined;
  if (out !== undefined && existsSync(out) && readdirSync(out).length > 0)
    throw new UsageError(`${out} is not empty`, 'give a new or empty folder');
  const { unpackImage } = await import('../../core/unpacking/unpack.ts');
  const pool = await openPool(signal);
  const opened = await unpackImage({
    path: image.location,
    name: image.path,
    unpackers: await unpackers(),
    job: pool.run,
    signal,
  });
  try {
    if (out !== undefined) extract(opened.tree, out);
    if (options['json'] === true) io.out(`${JSON.stringify(asJson(opened, options['tree'] === true), null, 2)}\n`);
    else if (options['quiet'] !== true) tell(opened, io, options['tree'] === true);
    return opened.gaps.length > 0 ? EXIT.unseen : EXIT.good;
  } finally {
    opened.dispose();
    await pool.close();
  }
}

function asJson(opened: UnpackedImage, tree: boolean): object {
  const { size, sha256, regions, containers, coverage, gaps, encryption } = opened;
  const { roots } = opened.tree;
  const entries = tree ? { entries: [...opened.tree.entries()] } : {};
  return { image: opened.tree.image, size, sha256, coverage, encryption, containers, roots, regions, gaps, ...entries };
}

function tell(opened: UnpackedImage, io: Io, tree: boolean): void {
  const { coverage } = opened;
  const share = (part: number): string => (opened.size === 0 ? '0' : ((100 * part) / opened.size).toFixed(1));
  const lines = [
    `${safeText(opened.tree.image)}: ${bytes(opened.size)}, ${plural(coverage.files, 'file')}`,
    `${share(coverage.understood)} % understood, ${share(coverage.padding)} % padding, ${share(coverage.encrypted)} % encrypted, ${share(coverage.unknown)} % unknown`,
    ...opened.containers.map(
      ({ path, format, start, end, depth, note, opened: read }) =>
        `${'  '.repeat(depth + 1)}${safeText(path)}  ${format}${note === undefined ? '' : `, ${safeText(note)}`}  0x${start.toString(16)}..0x${end.toString(16)}${read ? '' : '  (not opened)'}`,
    ),
    ...opened.tree.roots.map(
      ({ path, prefix }) => `root file system: ${safeText(path)}${prefix === '/' ? '' : safeText(prefix)}`,
    ),
    ...opened.gaps.map(({ path, fault }) => `not seen: ${safeText(path)}: ${safeText(fault.message)}`),
    ...(tree ? [...opened.tree.entries()].map(entryLine) : []),
  ];
  io.out(`${lines.join('\n')}\n`);
}

const LETTER: { readonly [T in FileEntry['type']]: string } = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  socket: 's',
};

function entryLine({ path, type, mode, uid, gid, size, target }: FileEntry): string {
  const owner = uid === undefined ? '-' : `${uid}:${gid ?? '-'}`;
  const bits = mode === undefined ? '----' : mode.toString(8).padStart(4, '0');
  return `${LETTER[type]} ${bits} ${owner.padEnd(9)} ${String(size).padStart(10)} ${safeText(path, 4096)}${target === undefined ? '' : ` -> ${safeText(target, 4096)}`}`;
}
