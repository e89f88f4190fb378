/** Flattened device trees (Devicetree Specification 0.4, 5): blobs for kernels, and U-Boot's FIT images. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { align, header, textOf } from './fields.ts';

export const FDT_MAGIC = [0xd0, 0x0d, 0xfe, 0xed];

export interface FdtNode {
  readonly name: string;
  readonly properties: ReadonlyMap<string, Buffer>;
  /** Where the bytes of each property start, counted from the start of the tree. */
  readonly places: ReadonlyMap<string, number>;
  readonly children: readonly FdtNode[];
}

export interface FdtHeader {
  readonly size: number;
  readonly version: number;
  readonly structure: number;
  readonly strings: number;
  readonly stringsSize: number;
  readonly structureSize: number;
}

const MOST_NODES = 100_000;
const MOST_DEPTH = 64;

/** The header when it makes sense in itself; sizes are not yet checked against the bytes there are. */
export function fdtHeader(blob: Blob, at: number): FdtHeader | undefined {
  const head = header(blob, at, 40);
  if (head === undefined || head.readUInt32BE(0) !== 0xd00dfeed) return undefined;
  const size = head.readUInt32BE(4);
  const structure = head.readUInt32BE(8);
  const strings = head.readUInt32BE(12);
  const version = head.readUInt32BE(20);
  const stringsSize = head.readUInt32BE(32);
  const structureSize = version >= 17 ? head.readUInt32BE(36) : size - structure;
  if (version < 16 || version > 17 || head.readUInt32BE(24) > 17) return undefined;
  if (size < 48 || structure % 4 !== 0 || structure < 40 || strings < 40) return undefined;
  if (structure + structureSize > size || strings + stringsSize > size || structureSize < 12) return undefined;
  return { size, version, structure, strings, stringsSize, structureSize };
}

/** The whole tree; throws FaultError where it is malformed. */
export function fdtTree(blob: Blob, at: number): FdtNode {
  const head = fdtHeader(blob, at);
  if (head === undefined) throw new FaultError('malformed', 'no device tree');
  const structure = Buffer.from(blob.read(at + head.structure, head.structureSize));
  const strings = Buffer.from(blob.read(at + head.strings, head.stringsSize));
  if (structure.length < head.structureSize || strings.length < head.stringsSize)
    throw new FaultError('truncated', 'device tree is cut off');
  const top: { name: string; properties: Map<string, Buffer>; places: Map<string, number>; children: FdtNode[] }[] = [];
  let root: FdtNode | undefined;
  let nodes = 0;
  for (let place = 0; place + 4 <= structure.length; ) {
    const token = structure.readUInt32BE(place);
    place += 4;
    if (token === 1) {
      const end = structure.indexOf(0, place);
      if (end === -1 || end - place > 1024) throw new FaultError('malformed', 'device tree node without a name');
      nodes += 1;
      if (nodes > MOST_NODES || top.length >= MOST_DEPTH)
        throw new FaultError('over-budget', 'device tree too large or too deep');
      const name = textOf(structure.subarray(place, end));
      const node = { name, properties: new Map<string, Buffer>(), places: new Map<string, number>(), children: [] };
      top.at(-1)?.children.push(node);
      root ??= node;
      top.push(node);
      place = align(end + 1, 4);
    } else if (token === 2) top.pop();
    else if (token === 3) {
      if (place + 8 > structure.length) break;
      const length = structure.readUInt32BE(place);
      const name = structure.readUInt32BE(place + 4);
      if (place + 8 + length > structure.length || name >= strings.length)
        throw new FaultError('malformed', 'device tree property out of bounds');
      const end = strings.indexOf(0, name);
      const key = strings.toString('latin1', name, Math.min(end === -1 ? strings.length : end, name + 255));
      top.at(-1)?.properties.set(key, structure.subarray(place + 8, place + 8 + length));
      top.at(-1)?.places.set(key, head.structure + place + 8);
      place = align(place + 8 + length, 4);
    } else if (token === 9) break;
    else if (token !== 4) throw new FaultError('malformed', `device tree token ${token}`);
  }
  if (root === undefined || top.length > 0) throw new FaultError('malformed', 'device tree without end');
  return root;
}

export const childOf = (node: FdtNode | undefined, name: string): FdtNode | undefined =>
  node?.children.find((child) => child.name === name);

/** A string property. */
export const stringOf = (node: FdtNode | undefined, name: string): string | undefined => {
  const value = node?.properties.get(name);
  return value === undefined ? undefined : textOf(value);
};

/** A number of one or two cells. */
export function cellsOf(node: FdtNode | undefined, name: string): number | undefined {
  const value = node?.properties.get(name);
  if (value === undefined) return undefined;
  if (value.length === 4) return value.readUInt32BE(0);
  return value.length === 8 ? Number(value.readBigUInt64BE(0)) : undefined;
}

/** One image of a FIT: where its data lies, counted from the start of the tree. */
export interface FitImage {
  readonly name: string;
  readonly type: string;
  readonly compression: string;
  readonly description: string;
  readonly start: number;
  readonly end: number;
  /** Whether the data is a property of the tree. */
  readonly inside: boolean;
}

/** Images of a FIT; undefined when the tree is none. External data lies behind the tree (`data-offset`, `data-position`). */
export function fitImages(head: FdtHeader, tree: FdtNode): FitImage[] | undefined {
  const images = childOf(tree, 'images');
  if (images === undefined) return undefined;
  const external = align(head.size, 4);
  const found: FitImage[] = [];
  for (const node of images.children) {
    const inside = node.properties.get('data');
    const offset = cellsOf(node, 'data-offset');
    const position = cellsOf(node, 'data-position');
    const size = cellsOf(node, 'data-size') ?? inside?.length;
    const start = node.places.get('data') ?? position ?? (offset === undefined ? undefined : external + offset);
    if (size === undefined || start === undefined) continue;
    found.push({
      name: node.name,
      type: stringOf(node, 'type') ?? '',
      compression: stringOf(node, 'compression') ?? 'none',
      description: stringOf(node, 'description') ?? '',
      start,
      end: start + size,
      inside: inside !== undefined,
    });
  }
  return found.length === 0 && images.children.length > 0 ? undefined : found;
}
