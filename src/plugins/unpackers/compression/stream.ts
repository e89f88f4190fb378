/** What all formats that hold one stream do alike: their end is found by decoding, and their content is one part. */
import type { Decoded } from '../../../codecs/compression/source.ts';
import type { Extent, Sink, UnpackContext } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { faultOf } from '../../../lib/fault.ts';

type Decode = (blob: Blob) => Decoded;

/** Bytes that must have come out before a break is a cut-off stream and not a coincidence. */
const CONVINCING = 65_536;

/** The extent found by decoding up to the end, or up to a break after much that fits. */
export function extentByDecoding(blob: Blob, offset: number, decode: Decode, note?: string): Extent | undefined {
  const decoded = decode(blob.slice(offset));
  let output = 0;
  try {
    for (;;) {
      const step = decoded.next();
      if (step.done === true)
        return { start: offset, end: offset + step.value, ...(note === undefined ? {} : { note }) };
      output += step.value.length;
    }
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug') throw thrown;
    if (fault.kind !== 'truncated' || output < CONVINCING) return undefined;
    return { start: offset, end: blob.size + 1, note: 'cut off' };
  }
}

/** An extent known by structure: a stream whose header is certain but whose end is missing goes beyond the bytes there are. */
export function extentByStructure(blob: Blob, offset: number, extentOf: (blob: Blob) => number): Extent | undefined {
  try {
    return { start: offset, end: offset + extentOf(blob.slice(offset)) };
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug') throw thrown;
    return fault.kind === 'truncated' ? { start: offset, end: blob.size + 1, note: 'cut off' } : undefined;
  }
}

/** Gives the content chunk by chunk, with a pause for others now and then. */
export async function unpackStream(
  container: Blob,
  into: Sink,
  { signal }: UnpackContext,
  decode: Decode,
): Promise<void> {
  let thrown: unknown;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of decode(container)) {
        yield chunk;
        await new Promise(setImmediate);
        signal.throwIfAborted();
      }
    } catch (error) {
      // What came out so far is looked at all the same; the fault is thrown once that is kept.
      if (faultOf(error).kind === 'bug' || faultOf(error).kind === 'stopped') throw error;
      thrown = error;
    }
  };
  await into.part('data', chunks());
  if (thrown !== undefined) throw thrown;
}
