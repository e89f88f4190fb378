/** Databases of settings of ZTE routers; encrypted ones are told as such. */
import { ZTE_MAGIC, zteSettings, zteSettingsAt } from '../../../codecs/formats/zte-settings.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';

export const zteDatabase: Unpacker = {
  id: 'image/zte-settings',
  title: 'ZTE settings',
  class: 'archive',
  magic: [{ bytes: ZTE_MAGIC }],
  locate(blob, offset) {
    const found = zteSettingsAt(blob, offset);
    return found === undefined ? undefined : { start: offset, end: found.end, note: `kind ${found.kind}` };
  },
  async unpack(container, into) {
    const found = zteSettingsAt(container, 0);
    if (found === undefined) return;
    const { end, kind, encrypted } = found;
    into.note({ start: 0, end: 60, what: 'header', kind: 'understood' });
    into.note({ start: 60, end, what: 'settings', kind: encrypted ? 'encrypted' : 'understood' });
    if (encrypted)
      throw new FaultError('encrypted', `settings of ZTE of kind ${kind}, with a key of the model or of the unit`);
    await into.file('settings.xml', zteSettings(container));
  },
};
