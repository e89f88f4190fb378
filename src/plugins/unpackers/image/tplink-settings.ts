/** Disguised default settings of TP-Link routers. */
import { DISGUISES, undisguised } from '../../../codecs/formats/tplink-settings.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const MOST = 4 << 20;

export const tplinkSettings: Unpacker = {
  id: 'image/tplink-settings',
  title: 'TP-Link settings',
  class: 'archive',
  magic: DISGUISES.map(({ start }) => ({ bytes: [...start] })),
  locate(blob, offset) {
    const text = undisguised(blob.read(offset, MOST));
    // A file of their own: what follows in anything larger turns to noise.
    const closed = text === undefined ? -1 : text.lastIndexOf('>');
    if (text === undefined || !/^\s*$/.test(text.toString('latin1', closed + 1))) return undefined;
    return { start: offset, end: offset + Math.ceil(text.length / 8) * 8, note: 'DES with a key that is public' };
  },
  async unpack(container, into) {
    const text = undisguised(container.read(0, MOST));
    if (text === undefined) return;
    await into.file('settings.xml', [text]);
    into.note({ start: 0, end: container.size, what: 'settings', kind: 'understood' });
  },
};
