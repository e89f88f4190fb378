/** Device tree blobs: understood as they are. FIT images, which are trees too, are opened by their own unpacker. */
import { childOf, FDT_MAGIC, fdtHeader, fdtTree, stringOf } from '../../../codecs/formats/fdt.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const dtb: Unpacker = {
  id: 'image/dtb',
  title: 'Device tree blob',
  class: 'leaf',
  embedded: true,
  magic: [{ bytes: FDT_MAGIC }],
  locate(blob, offset) {
    const head = fdtHeader(blob, offset);
    if (head === undefined) return undefined;
    const extent = { start: offset, end: offset + head.size };
    if (extent.end > blob.size) return extent;
    const tree = fdtTree(blob, offset);
    if (childOf(tree, 'images') !== undefined) return undefined;
    const model = stringOf(tree, 'model') ?? stringOf(tree, 'compatible');
    return model === undefined ? extent : { ...extent, note: model };
  },
};
