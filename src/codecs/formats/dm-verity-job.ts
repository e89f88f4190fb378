/** A job for workers: the digests of the blocks of a part of a file, for a hash tree of dm-verity. */
import { openBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { digestBlocks, type VerityInput } from './dm-verity.ts';

export async function run({ path, offset, size, salt }: VerityInput): Promise<Uint8Array> {
  const file = openBlob(path);
  try {
    if (offset + size > file.size) throw new FaultError('truncated', 'the file is shorter than it was');
    return await digestBlocks(file.slice(offset, offset + size), salt);
  } finally {
    file.close();
  }
}
