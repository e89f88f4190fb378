/** `assay unpack IMAGE`: what an image holds; its files beside a manifest with their modes and owners. */
import { readdirSync } from 'node:fs';
import type { UnpackedImage } from '../../core/unpacking/unpack.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { safeText } from '../../lib/text.ts';
import { whyUnread } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { unpackers } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { extract } from '../extract.ts';
import { locate } from '../files.ts';
import { openPool } from '../pool.ts';
import { unpackText } from '../unpack-text.ts';

export async function run({ arguments: [path], options, io, signal }: Call): Promise<number> {
  if (path === undefined) throw new UsageError('the image is missing', 'assay unpack IMAGE');
  const [image] = locate([path]);
  if (image === undefined) throw new UsageError(`${path}: there is no such file`);
  const out = typeof options['out'] === 'string' ? options['out'] : undefined;
  if (out !== undefined && !isFree(out)) throw new UsageError(`${out} is not empty`, 'give a new or empty folder');
  const { unpackImage } = await import('../../core/unpacking/unpack.ts');
  const known = await unpackers();
  const pool = openPool(signal);
  const opened = await unpackImage({
    path: image.location,
    name: image.path,
    unpackers: known,
    job: pool.run,
    signal,
  });
  try {
    const unwritten = out === undefined ? [] : extract(opened.tree, out);
    for (const { path: name, message } of unwritten) io.err(`not written: ${safeText(name)}: ${message}\n`);
    if (options['json'] === true) io.out(`${inertJson(asJson(opened, options['tree'] === true))}\n`);
    else if (options['quiet'] !== true) {
      const titles = new Map(known.map(({ id, title }) => [id, title]));
      io.out(unpackText(opened, { tree: options['tree'] === true, columns: Math.min(io.columns, 120), titles }));
    }
    return opened.gaps.length + unwritten.length > 0 ? EXIT.unseen : EXIT.good;
  } finally {
    opened.dispose();
    await pool.close();
  }
}

/** Whether files may be written there: a folder without any, or nothing yet. Throws UsageError. */
function isFree(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    throw new UsageError(`${folder}: ${code === 'ENOTDIR' ? 'it is no folder' : whyUnread(error)}`);
  }
}

function asJson(opened: UnpackedImage, tree: boolean): object {
  const { size, sha256, regions, containers, coverage, gaps, encryption } = opened;
  const { roots } = opened.tree;
  const entries = tree ? { entries: [...opened.tree.entries()] } : {};
  return { image: opened.tree.image, size, sha256, coverage, encryption, containers, roots, regions, gaps, ...entries };
}
