/** The signed trailer of Mijia over-the-air firmware: certificates and signature behind the firmware. */
import { MI_OTA_MARK, MI_OTA_MARK_AT, miOtaAt } from '../../../codecs/formats/mi-ota.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const miOta: Unpacker = {
  id: 'image/mi-ota',
  title: 'Trailer of Mijia firmware',
  class: 'leaf',
  magic: [{ bytes: [...MI_OTA_MARK], at: MI_OTA_MARK_AT }],
  locate(blob, offset) {
    const found = miOtaAt(blob, offset);
    if (found === undefined) return undefined;
    const note = [found.model, found.version].filter((one) => one !== undefined).join(' ');
    return { start: offset, end: found.end, ...(note === '' ? {} : { note }) };
  },
};
