/** The jobs that workers run, by id: each a built module of ours that exports `run`. */

import { VERITY_BLOCKS } from './formats/dm-verity.ts';

/** Threads of older Nodes cannot load TypeScript: from the sources, the built file is meant. */
const built = (path: string): URL =>
  import.meta.url.endsWith('.ts')
    ? new URL(`../../dist/codecs/${path}.js`, import.meta.url)
    : new URL(`./${path}.js`, import.meta.url);

export const SEVEN_ZIP = 'archives/seven-zip';
export const SQUASHFS_BLOCKS = 'squashfs/blocks';

/** To be handed to the worker pool. */
export const JOBS: { readonly [id: string]: URL } = {
  [SEVEN_ZIP]: built('archives/seven-zip'),
  [SQUASHFS_BLOCKS]: built('formats/squashfs-job'),
  [VERITY_BLOCKS]: built('formats/dm-verity-job'),
  crack: built('formats/crypt-job'),
};
