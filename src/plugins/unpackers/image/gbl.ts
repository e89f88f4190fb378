/** Silicon Labs Gecko bootloader files (GBL): a chain of tags, signed and encrypted or not. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const END = 0xfc0404fc;
const SIGNATURE = 0xf70a0af7;
const ENCRYPTED_DATA = 0xf90707f9;
/** Every tag has a byte twice, mirrored: 0xF40A0AF4. */
const isTag = (id: number): boolean => id >>> 24 === (id & 0xff) && ((id >>> 16) & 0xff) === ((id >>> 8) & 0xff);

interface Tag {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

function tagsAt(blob: Blob, offset: number): Tag[] | undefined {
  const tags: Tag[] = [];
  let at = offset;
  while (tags.length < 65_536) {
    const head = header(blob, at, 8);
    if (head === undefined) return undefined;
    const id = head.readUInt32LE(0);
    if (tags.length > 0 && !isTag(id)) return undefined;
    const end = at + 8 + head.readUInt32LE(4);
    tags.push({ id, start: at + 8, end });
    if (id === END) return tags;
    at = end;
  }
  return undefined;
}

export const gbl: Unpacker = {
  id: 'image/gbl',
  title: 'Gecko bootloader file',
  class: 'leaf',
  magic: [{ bytes: [0xeb, 0x17, 0xa6, 0x03] }],
  locate(blob, offset) {
    const tags = tagsAt(blob, offset);
    if (tags === undefined) return undefined;
    const has = (id: number): boolean => tags.some((tag) => tag.id === id);
    const note = `${has(SIGNATURE) ? 'signed' : 'not signed'}, ${has(ENCRYPTED_DATA) ? 'encrypted' : 'not encrypted'}`;
    return { start: offset, end: tags.at(-1)?.end ?? offset, note };
  },
  async unpack(container, into) {
    const encrypted = (tagsAt(container, 0) ?? []).filter(({ id }) => id === ENCRYPTED_DATA);
    for (const { start, end } of encrypted)
      into.note({ start, end, what: 'encrypted program data', kind: 'encrypted' });
    if (encrypted.length > 0) throw new FaultError('encrypted', 'the program data of the GBL file is encrypted');
  },
};
