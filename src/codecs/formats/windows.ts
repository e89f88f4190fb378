/** Content of any size as windows that overlap, for searches that need not have all of it at once. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';

/** Content is searched in windows, each with so many bytes of the next: nothing sought is longer. */
const WINDOW = 16 << 20;
const OVERLAP = 4096;
const MAX_SIZE = 1 << 30;

/** The content in windows that overlap, each with the place of its first byte. Throws after the last that the budget allows. */
export function* windowsOf(content: Blob): Generator<{ readonly base: number; readonly buffer: Buffer }> {
  for (let base = 0; base < content.size; base += WINDOW) {
    if (base >= MAX_SIZE)
      throw new FaultError('over-budget', `only the first ${MAX_SIZE >> 20} MiB of the file were searched`);
    const bytes = content.read(base, WINDOW + OVERLAP);
    yield { base, buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
  }
}
