/** What is open inside a container, said in bytes of the container: exactly where content lies in it, else as a share. */
import type { Blob } from '../../lib/blob.ts';
import { shown } from './names.ts';
import { placeIn } from './placed.ts';
import { overlay, type Region, shift } from './regions.ts';
import type { ContainerSink, Part } from './sink.ts';

/** What the unpacker itself said of its bytes. */
export function notesOf(sink: ContainerSink): Region[] {
  return sink.notes
    .filter(({ kind }) => kind !== 'understood')
    .map(({ start, end, kind, what }) => ({ start, end, kind, note: what }));
}

/** The parts of a container with names that are theirs alone. */
export function* namedParts(parts: readonly Part[]): Generator<{ readonly name: string; readonly content: Blob }> {
  const seen = new Map<string, number>();
  for (const { name, content } of parts) {
    const plain = shown(name).replaceAll('/', '_') || 'part';
    const times = seen.get(plain) ?? 0;
    seen.set(plain, times + 1);
    yield { name: times === 0 ? plain : `${plain}~${times + 1}`, content };
  }
}

/** What of unpacked content is open, where it cannot be said in bytes of the container. */
export class Share {
  bytes = 0;
  unknown = 0;
  encrypted = 0;

  add(regions: readonly Region[]): void {
    for (const { start, end, kind } of regions) {
      this.bytes += end - start;
      if (kind === 'unknown' || kind === 'encrypted') this[kind] += end - start;
    }
  }

  /** The same share of the container's own bytes, at its end. */
  over(regions: Region[], size: number): Region[] {
    if (this.unknown + this.encrypted === 0) return regions;
    const encrypted = Math.ceil((size * this.encrypted) / this.bytes);
    const unknown = Math.min(size - encrypted, Math.ceil((size * this.unknown) / this.bytes));
    const open: Region[] = [];
    if (unknown > 0)
      open.push({ start: size - encrypted - unknown, end: size - encrypted, kind: 'unknown', note: SHARE });
    if (encrypted > 0) open.push({ start: size - encrypted, end: size, kind: 'encrypted', note: SHARE });
    return overlay(regions, open);
  }
}

const SHARE = 'share of what it holds that was not understood';

/** Takes the regions of content into account. `surface`: what the content may have been cut out of. */
export function place(blob: Blob, surface: object, inner: readonly Region[], regions: Region[], share: Share): void {
  const at = placeIn(blob, surface);
  if (at === undefined) share.add(inner);
  else
    regions.push(
      ...shift(
        inner.filter(({ kind }) => kind !== 'understood'),
        at,
      ),
    );
}
