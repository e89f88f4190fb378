/** The registry of verifiers: one line each. */
export { avb } from './boot/avb.ts';
export { esp } from './boot/esp.ts';
export { mcuboot } from './boot/mcuboot.ts';
export { rauc } from './bundle/rauc.ts';
export { swupdate } from './bundle/swupdate.ts';
export { gbl } from './radio/gbl.ts';
export { matter } from './radio/matter.ts';
export { nordic } from './radio/nordic.ts';
export { zigbee } from './radio/zigbee.ts';
