/** The nodes that hold keys in device trees within other bytes: U-Boot carries its control tree in itself (doc/usage/fit/signature). */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { childOf, FDT_MAGIC, type FdtNode, fdtTree } from './fdt.ts';

const LARGEST = 16 << 20;
const TREES = 64;
const magic = Buffer.from(FDT_MAGIC);

/** `/signature` of every device tree in the bytes; undefined when there is none, or too much to look through. */
export function signatureNodesIn(content: Blob): readonly FdtNode[] | undefined {
  if (content.size > LARGEST) return undefined;
  const bytes = Buffer.from(content.read(0, content.size));
  const found: FdtNode[] = [];
  let trees = 0;
  for (let at = bytes.indexOf(magic); at !== -1 && trees < TREES; at = bytes.indexOf(magic, at + 4)) {
    trees += 1;
    const signature = childOf(treeAt(content, at), 'signature');
    if (signature !== undefined) found.push(signature);
  }
  return found.length === 0 ? undefined : found;
}

function treeAt(content: Blob, at: number): FdtNode | undefined {
  try {
    return fdtTree(content, at);
  } catch (error) {
    // The four bytes of the magic stand in loaders as a constant too.
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
