/** What a signature or a digest is about: read in pieces, digested as a stream, with the ranges that were read on record. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Blob, chunksAhead, chunksOf } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';

/** A range of the artefact, or bytes that are not in it (a prefix of the scheme). */
export type Piece = Range | Uint8Array;

export interface Message {
  readonly size: number;
  digest(hash: string, signal?: AbortSignal): Promise<Buffer>;
  chunks(): Generator<Uint8Array>;
  /** All bytes at once; throws above `limit`, for schemes that need the whole message. */
  bytes(limit?: number): Buffer;
  /** The ranges of the artefact that were really read so far. */
  readonly read: readonly Range[];
}

const CHUNK = 1 << 20;
/** Bytes between two looks at the signal. */
const BREATH = 32 << 20;
const MOST_AT_ONCE = 64 << 20;

/** Throws FaultError `truncated` when a range reaches beyond the artefact. */
export function messageOf(artefact: Blob, pieces: readonly Piece[]): Message {
  const digests = new Map<string, Buffer>();
  const read: Range[] = [];
  const length = (piece: Piece): number => (piece instanceof Uint8Array ? piece.length : piece.end - piece.start);
  for (const piece of pieces)
    if (!(piece instanceof Uint8Array) && (piece.start < 0 || piece.end < piece.start || piece.end > artefact.size))
      throw new FaultError('truncated', `bytes ${piece.start} to ${piece.end} are not all there`);
  function* chunks(): Generator<Uint8Array> {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        yield piece;
        continue;
      }
      let at = piece.start;
      for (const chunk of chunksOf(artefact.slice(piece.start, piece.end), CHUNK)) {
        read.push({ start: at, end: at + chunk.length });
        at += chunk.length;
        yield chunk;
      }
      if (at !== piece.end) throw new FaultError('truncated', `the artefact ends at ${at}`);
    }
  }
  /** As `chunks`, read ahead; each is gone when the next is asked for. */
  async function* passing(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let since = 0;
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        yield piece;
        continue;
      }
      let at = piece.start;
      for await (const chunk of chunksAhead(artefact.slice(piece.start, piece.end))) {
        read.push({ start: at, end: at + chunk.length });
        at += chunk.length;
        yield chunk;
        since += chunk.length;
        if (since < BREATH) continue;
        since = 0;
        await setImmediate();
        signal?.throwIfAborted();
      }
      if (at !== piece.end) throw new FaultError('truncated', `the artefact ends at ${at}`);
    }
  }
  const size = pieces.reduce((sum, piece) => sum + length(piece), 0);
  return {
    size,
    read,
    chunks: () => chunks(),
    bytes(limit = MOST_AT_ONCE) {
      if (size > limit) throw new FaultError('over-budget', `a message of ${size} bytes cannot be verified at once`);
      return Buffer.concat([...chunks()]);
    },
    async digest(hash, signal) {
      const known = digests.get(hash);
      if (known !== undefined) return known;
      const state = createHash(hash);
      for await (const chunk of passing(signal)) state.update(chunk);
      const digest = state.digest();
      digests.set(hash, digest);
      return digest;
    },
  };
}

/** The digest of bytes in memory. */
export const digestBytes = (hash: string, ...parts: readonly Uint8Array[]): Buffer => {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return state.digest();
};
