/** The header of 32 bytes that CyberTAN put before the TRX images of Linksys and others (U2ND): board, date, version. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const cybertan: Unpacker = {
  id: 'image/cybertan',
  title: 'CyberTAN image header',
  class: 'leaf',
  magic: [{ bytes: ascii('U2ND'), at: 14 }],
  locate(blob, offset) {
    const head = header(blob, offset, 32);
    const board = head === undefined ? undefined : printable(head.subarray(0, 4));
    if (head === undefined || board?.length !== 4 || head.readUInt32LE(4) !== 0) return undefined;
    const [year, month, day] = head.subarray(8, 11);
    if (year === undefined || month === undefined || day === undefined || month > 12 || day > 31) return undefined;
    return { start: offset, end: offset + 32, note: `${board}, version ${head[11]}.${head[12]}.${head[13]}` };
  },
};
