/** Publicly known constant keys in an image. */

import type { Analyzer } from '../../../core/model/gatherer.ts';
import { secretSymmetric } from '../../../facts/index.ts';
import { isExamplePlace, maySearch } from './tell.ts';

/** Keys that specifications or analyses published: whoever has one has that of every device. */
const KEYS: readonly { readonly name: string; readonly word: string }[] = [
  { name: 'Zigbee default trust centre link key', word: 'ZigBeeAlliance09' },
  {
    name: 'Zigbee Light Link master key',
    word: Buffer.from('9f5595f10257c8a469cbf42bc93fee31', 'hex').toString('latin1'),
  },
];

export const secretsSymmetricKeys: Analyzer = {
  id: 'secrets/symmetric-keys',
  title: 'Known constant keys',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretSymmetric],
  words: () => KEYS.map(({ word }) => word),
  wants: maySearch,
  observe(file, _content, context) {
    for (const { name, word } of KEYS) {
      const { at, cut } = context.places(word);
      const [offset] = at;
      if (offset === undefined && cut === undefined) continue;
      if (isExamplePlace(file)) return;
      if (offset !== undefined)
        context.emit(
          secretSymmetric,
          { name, file: file.name, offset, known: true },
          { where: `offset 0x${offset.toString(16)}` },
        );
      else if (cut !== undefined) context.gap({ kind: 'over-budget', message: cut });
    }
  },
};
