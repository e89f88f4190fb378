/** Firmware of chips in which a header is clear and the code may be encrypted: told by statistics where no field says it. */

import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';
import { looksEncrypted, statisticsOf } from '../../../lib/statistics.ts';

/** Adds to a leaf that what lies behind its header of `head` bytes is noted where it cannot be told from random bytes. */
export function sealedLeaf(leaf: Omit<Unpacker, 'class' | 'unpack'>, head: number): Unpacker {
  return {
    ...leaf,
    class: 'leaf',
    async unpack(container, into) {
      const code = container.slice(head);
      if (!looksEncrypted(code, statisticsOf(code))) return;
      into.note({ start: head, end: container.size, what: 'encrypted code', kind: 'encrypted' });
      throw new FaultError('encrypted', `${leaf.title}: the code cannot be told from random bytes`);
    },
  };
}
