/** Opens an image with the unpacking engine and tells what it found in the words of the vocabulary. */
import { statSync } from 'node:fs';
import type { OpenedImage } from '../core/assessment/gather-images.ts';
import type { Opening } from '../core/assessment/plan.ts';
import type { GatherContext } from '../core/model/gatherer.ts';
import type { DigestedFile, Subject } from '../core/model/target.ts';
import type { UnpackContext, Unpacker } from '../core/model/unpacker.ts';
import type { OpaqueEntry, UnpackedImage, UnpackGap } from '../core/unpacking/unpack.ts';
import { imageContainer, imageCoverage, imageEncryption, imageRegion, imageRoot } from '../facts/index.ts';

export const OPENING: Opening = {
  id: 'unpacking',
  title: 'Opens images into files and accounts for their bytes',
  produces: [imageRegion, imageContainer, imageCoverage, imageEncryption, imageRoot],
};

/** Facts of one kind about one image; the rest is in the sums of `image.coverage`. */
const LISTED = 5000;

/** Bytes from which on an image keeps threads busy for longer than they take to start. */
const LARGE = 4 << 20;

export interface ImageOpener {
  readonly unpackers: readonly Unpacker[];
  readonly job: UnpackContext['job'];
  readonly opaque: (image: string) => readonly OpaqueEntry[];
  /** Starts the threads that jobs run on. */
  warm(): void;
  /** Where an image lies on this machine. */
  location(path: string): string;
}

export async function openImage(
  opener: ImageOpener,
  image: DigestedFile,
  context: GatherContext,
): Promise<OpenedImage> {
  if (statSync(opener.location(image.path)).size >= LARGE) opener.warm();
  const { unpackImage } = await import('../core/unpacking/unpack.ts');
  const opened = await unpackImage({
    path: opener.location(image.path),
    name: image.path,
    unpackers: opener.unpackers,
    job: opener.job,
    opaque: opener.opaque(image.path),
    digests: false,
    signal: context.signal,
    onGap: (gap) => tellGap(image, gap, context),
  });
  tellFacts(opened, context);
  const { tree } = opened;
  return { tree, digested: (entry, sha256) => tree.digested(entry, sha256), close: () => opened.dispose() };
}

function tellGap(image: DigestedFile, { path, area, fault }: UnpackGap, context: GatherContext): void {
  const scope: Subject = path === image.path ? { kind: 'image', image: path } : { kind: 'file', path };
  context.gap(fault, { scope, area });
}

function tellFacts(opened: UnpackedImage, { emit }: GatherContext): void {
  const { coverage, encryption, tree } = opened;
  emit(imageCoverage, coverage);
  emit(imageEncryption, encryption);
  const regions = opened.regions.toSorted((a, b) => b.end - b.start - (a.end - a.start)).slice(0, LISTED);
  for (const region of regions) emit(imageRegion, region);
  for (const { path, format, start, end, class: kind, note, opened: read } of opened.containers.slice(0, LISTED))
    emit(imageContainer, {
      path,
      format,
      start,
      end,
      class: kind,
      opened: read,
      ...(note === undefined ? {} : { note }),
    });
  const files = new Map<string, number>();
  for (const { root } of tree.entries()) if (root !== undefined) files.set(root, (files.get(root) ?? 0) + 1);
  for (const { path, keepsModes } of tree.roots) emit(imageRoot, { path, files: files.get(path) ?? 0, keepsModes });
}
