/** Counts what reading of bytes costs, in bytes searched and pieces decoded: bounds that a busy machine cannot break. */

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
  function search(this: Buffer, ...args: unknown[]): number {
    const found = Reflect.apply(indexOf, this, args) as number;
    const from = typeof args[1] === 'number' ? args[1] : 0;
    count.searched += Math.max(1, (found === -1 ? this.length : found) - from);
    return found;
  }
  function text(this: Buffer, ...args: Parameters<Buffer['toString']>): string {
    const [, from = 0, to = this.length] = args;
    count.texts += 1;
    count.decoded += Math.max(0, Math.min(to, this.length) - from);
    return Reflect.apply(decode, this, args);
  }
  Object.assign(Buffer.prototype, { indexOf: search, toString: text });
  try {
    await run();
  } finally {
    Object.assign(Buffer.prototype, { indexOf, toString: decode });
  }
  return count;
}
