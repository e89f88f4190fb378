/** Bare firmware of ARM Cortex-M chips, recognised by its vector table: a stack in RAM, handlers in Thumb code. */
import { header } from '../../../codecs/formats/fields.ts';
import { sealedLeaf } from './sealed-leaf.ts';

const LARGEST = 4 * 2 ** 20;
/** Where chips have their RAM: LPC15xx, NXP's wireless ones, LPC and Realtek, Kinetis below the usual place, the large one of STM32H7. */
const RAM = [
  [0x0200_0000, 0x0201_0000],
  [0x0400_0000, 0x0403_0000],
  [0x1000_0000, 0x1020_0000],
  [0x1fff_0000, 0x2100_0000],
  [0x2400_0000, 0x2410_0000],
] as const;
const inRam = (address: number): boolean => RAM.some(([from, to]) => address >= from && address <= to);

/** The vectors of the largest chips: those may be clear before code that is encrypted. */
const VECTORS = 1024;

export const cortexM = sealedLeaf(
  {
    id: 'image/cortex-m',
    title: 'ARM Cortex-M firmware',
    magic: [],
    whole: true,
    locate(blob, offset) {
      const table = header(blob, offset, 64);
      if (table === undefined || blob.size > LARGEST || blob.size < 256) return undefined;
      const stack = table.readUInt32LE(0);
      const reset = table.readUInt32LE(4);
      if (!inRam(stack) || stack % 4 !== 0 || (reset & 1) === 0) return undefined;
      // NMI, hard fault, SVC, PendSV and SysTick must be code near the reset handler.
      const near = (index: number): boolean => {
        const handler = table.readUInt32LE(index * 4);
        return (handler & 1) === 1 && Math.abs(handler - reset) < LARGEST;
      };
      if (!near(2) || !near(3) || ![11, 14, 15].every((index) => near(index) || table.readUInt32LE(index * 4) === 0))
        return undefined;
      return {
        start: offset,
        end: blob.size,
        note: `stack at 0x${stack.toString(16)}, reset at 0x${(reset - 1).toString(16)}`,
      };
    },
  },
  VECTORS,
);
