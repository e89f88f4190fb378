/** The keys that a U-Boot carries in its control device tree, and which it demands (U-Boot doc/usage/fit/signature). */
import { signatureNodesIn } from '../../../codecs/formats/control-trees.ts';
import { type FdtNode, stringOf } from '../../../codecs/formats/fdt.ts';
import type { Blob } from '../../../lib/blob.ts';

export interface FitKeys {
  readonly name: string;
  /** `conf` or `image`; absent: a signature is checked by nobody. */
  readonly required?: string;
  readonly algorithm?: string;
}

/** Keys below `/signature` of every device tree in the bytes; undefined when no tree has that node. */
export const fitKeysIn = (content: Blob): readonly FitKeys[] | undefined =>
  signatureNodesIn(content)?.flatMap(({ children }) => children.map(keyOf));

function keyOf(node: FdtNode): FitKeys {
  const [required, algorithm] = [stringOf(node, 'required'), stringOf(node, 'algo')];
  return {
    name: node.name,
    ...(required === undefined ? {} : { required }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
}
