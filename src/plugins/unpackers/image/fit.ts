/** U-Boot FIT images (.itb, .ub): each image of the tree is looked at in turn, external data too. */
import { childOf, FDT_MAGIC, type FdtNode, fdtHeader, fdtTree, fitImages } from '../../../codecs/formats/fdt.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';

function signed(tree: FdtNode): string {
  const nodes = [...(childOf(tree, 'images')?.children ?? []), ...(childOf(tree, 'configurations')?.children ?? [])];
  const inner = nodes.flatMap(({ children }) => children.map(({ name }) => name));
  if (inner.some((name) => name.startsWith('signature'))) return 'signed';
  return inner.some((name) => name.startsWith('hash')) ? 'hashes only' : 'no hashes';
}

export const fit: Unpacker = {
  id: 'image/fit',
  title: 'U-Boot FIT image',
  class: 'image',
  magic: [{ bytes: FDT_MAGIC }],
  locate(blob, offset) {
    const head = fdtHeader(blob, offset);
    if (head === undefined || offset + head.size > blob.size) return undefined;
    const tree = fdtTree(blob, offset);
    const images = fitImages(head, tree);
    if (images === undefined) return undefined;
    const end = Math.max(head.size, ...images.map((image) => (image.inside ? 0 : image.end)));
    return { start: offset, end: offset + end, note: `${images.length} images, ${signed(tree)}` };
  },
  async unpack(container, into) {
    const head = fdtHeader(container, 0);
    if (head === undefined) throw new FaultError('malformed', 'no device tree');
    for (const image of fitImages(head, fdtTree(container, 0)) ?? []) {
      const data = container.slice(image.start, image.end);
      if (data.size < image.end - image.start) into.broken(image.name, 'image data is cut off');
      await into.part(image.name, data);
    }
  },
};
