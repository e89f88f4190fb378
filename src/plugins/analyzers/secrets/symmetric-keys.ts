/** Publicly known constant keys in an image. */

import { windowsOf } from '../../../codecs/formats/windows.ts';
import type { Analyzer } from '../../../core/model/gatherer.ts';
import { secretSymmetric } from '../../../facts/index.ts';
import { isExamplePlace, maySearch } from './tell.ts';

/** Keys that specifications or analyses published: whoever has one has that of every device. */
const KEYS: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: 'Zigbee default trust centre link key', bytes: Buffer.from('ZigBeeAlliance09') },
  { name: 'Zigbee Light Link master key', bytes: Buffer.from('9f5595f10257c8a469cbf42bc93fee31', 'hex') },
];

export const secretsSymmetricKeys: Analyzer = {
  id: 'secrets/symmetric-keys',
  title: 'Known constant keys',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretSymmetric],
  wants: maySearch,
  observe(file, content, context) {
    if (isExamplePlace(file)) return;
    const told = new Set<string>();
    for (const { base, buffer } of windowsOf(content)) {
      for (const { name, bytes: key } of KEYS) {
        const place = told.has(name) ? -1 : buffer.indexOf(key);
        if (place === -1) continue;
        told.add(name);
        const offset = base + place;
        context.emit(
          secretSymmetric,
          { name, file: file.name, offset, known: true },
          { where: `offset 0x${offset.toString(16)}` },
        );
      }
    }
  },
};
