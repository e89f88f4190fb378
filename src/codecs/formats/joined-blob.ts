/** Several Blobs as one, without copying. */
import type { Blob } from '../../lib/blob.ts';

/** The bytes of `parts` one after the other. */
export function joinedBlob(parts: readonly Blob[]): Blob {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += part.size;
  }
  /** The last part that starts at or before `offset`. */
  const partAt = (offset: number): number => {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const read = (offset: number, length: number): Uint8Array => {
    const from = Math.min(Math.max(0, offset), size);
    const end = Math.min(from + Math.max(0, length), size);
    if (end <= from) return new Uint8Array(0);
    let index = partAt(from);
    const first = parts[index]!.read(from - starts[index]!, end - from);
    if (first.length === end - from) return first;
    const bytes = new Uint8Array(end - from);
    bytes.set(first);
    for (let have = first.length; have < bytes.length; ) {
      index += 1;
      const part = parts[index]?.read(0, bytes.length - have) ?? new Uint8Array(0);
      if (part.length === 0 && index >= parts.length) break;
      bytes.set(part, have);
      have += part.length;
    }
    return bytes;
  };
  return {
    size,
    read,
    slice: (start, end = size) => windowOf({ size, read }, start, end),
  };
}

function windowOf(whole: Pick<Blob, 'size' | 'read'>, start: number, end: number): Blob {
  const from = Math.min(Math.max(0, start), whole.size);
  const size = Math.max(0, Math.min(end, whole.size) - from);
  return {
    size,
    read: (offset, length) => {
      const at = Math.min(Math.max(0, offset), size);
      return whole.read(from + at, Math.min(Math.max(0, length), size - at));
    },
    slice: (a, b = size) => windowOf(whole, from + Math.min(Math.max(0, a), size), from + Math.min(b, size)),
  };
}

/** So many bytes of one value, without holding them. */
export function filledBlob(size: number, value: number): Blob {
  return {
    size,
    read: (offset, length) => new Uint8Array(Math.max(0, Math.min(length, size - offset))).fill(value),
    slice: (start, end = size) => filledBlob(Math.max(0, Math.min(end, size) - Math.max(0, start)), value),
  };
}
