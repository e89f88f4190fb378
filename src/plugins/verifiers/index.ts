/** The registry of verifiers: one line each. */
export { authenticode } from './boot/authenticode.ts';
export { avb } from './boot/avb.ts';
export { esp } from './boot/esp.ts';
export { fit } from './boot/fit.ts';
export { mcuboot } from './boot/mcuboot.ts';
export { androidOta } from './bundle/android-ota.ts';
export { mender } from './bundle/mender.ts';
export { openwrt } from './bundle/openwrt.ts';
export { rauc } from './bundle/rauc.ts';
export { swupdate } from './bundle/swupdate.ts';
export { companion } from './detached/companion.ts';
export { checksummed } from './header/checksummed.ts';
export { gbl } from './radio/gbl.ts';
export { matter } from './radio/matter.ts';
export { nordic } from './radio/nordic.ts';
export { zigbee } from './radio/zigbee.ts';
