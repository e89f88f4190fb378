/** Counts what reading of bytes costs, in bytes searched and pieces decoded: bounds that a busy machine cannot break. */
import { vi } from 'vitest';

export interface Steps {
  /** Bytes that `indexOf` of buffers went over. */
  readonly searched: number;
  /** Calls that made text of bytes, and the bytes they took. */
  readonly texts: number;
  readonly decoded: number;
}

/** What `run` did to buffers while it ran. */
export async function stepsOf(run: () => unknown): Promise<Steps> {
  const count = { searched: 0, texts: 0, decoded: 0 };
  const { indexOf, toString: decode } = Buffer.prototype;
  const search = vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, ...args: never[]) {
    const found: number = Reflect.apply(indexOf, this, args);
    const from = typeof args[1] === 'number' ? args[1] : 0;
    count.searched += Math.max(1, (found === -1 ? this.length : found) - from);
    return found;
  });
  const text = vi.spyOn(Buffer.prototype, 'toString').mockImplementation(function (this: Buffer, ...args: never[]) {
    const [, from = 0, to = this.length] = args as readonly (number | undefined)[];
    count.texts += 1;
    count.decoded += Math.max(0, Math.min(to, this.length) - from);
    return Reflect.apply(decode, this, args);
  });
  try {
    await run();
  } finally {
    search.mockRestore();
    text.mockRestore();
  }
  return count;
}
