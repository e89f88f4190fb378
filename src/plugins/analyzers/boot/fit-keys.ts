/** The keys that a U-Boot carries in its control device tree, and which it demands (U-Boot doc/usage/fit/signature). */
import { childOf, type FdtNode, fdtTree, stringOf } from '../../../codecs/formats/fdt.ts';
import type { Blob } from '../../../lib/blob.ts';

const MAGIC = Buffer.from([0xd0, 0x0d, 0xfe, 0xed]);
const LARGEST = 16 << 20;
const TREES = 64;

export interface FitKeys {
  readonly name: string;
  /** `conf` or `image`; absent: a signature is checked by nobody. */
  readonly required?: string;
  readonly algorithm?: string;
}

/** Keys below `/signature` of every device tree in the bytes; undefined when no tree has that node. */
export function fitKeysIn(content: Blob): readonly FitKeys[] | undefined {
  if (content.size > LARGEST) return undefined;
  const bytes = Buffer.from(content.read(0, content.size));
  let keys: FitKeys[] | undefined;
  let trees = 0;
  for (let at = bytes.indexOf(MAGIC); at !== -1 && trees < TREES; at = bytes.indexOf(MAGIC, at + 4)) {
    trees += 1;
    const signature = childOf(treeAt(content, at), 'signature');
    if (signature !== undefined) keys = [...(keys ?? []), ...signature.children.map(keyOf)];
  }
  return keys;
}

function treeAt(content: Blob, at: number): FdtNode | undefined {
  try {
    return fdtTree(content, at);
  } catch {
    // The four bytes of the magic stand in loaders as a constant too.
    return undefined;
  }
}

function keyOf(node: FdtNode): FitKeys {
  const [required, algorithm] = [stringOf(node, 'required'), stringOf(node, 'algo')];
  return {
    name: node.name,
    ...(required === undefined ? {} : { required }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
}
