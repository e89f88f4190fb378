/** Formats that hold checksums only: uImage, TRX, Netgear CHK, Telink. Nothing in them can be signed. */
import { crc32 } from 'node:zlib';
import { header, printable } from '../../../codecs/formats/fields.ts';
import { COMPANIONS } from '../../../codecs/signatures/trust.ts';
import { account, blankVerdict, type UpdateVerdict, type Verifier } from '../../../core/model/verifier.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';

interface Found {
  readonly format: string;
  readonly name: string;
  readonly end: number;
  readonly integrity: () => UpdateVerdict['integrity'];
}

const crcOf = (blob: Blob): number => {
  let crc = 0;
  for (const chunk of chunksOf(blob)) crc = crc32(chunk, crc);
  return crc;
};

function uimage(artefact: Blob): Found | undefined {
  const head = header(artefact, 0, 64);
  if (head === undefined || head.readUInt32BE(0) !== 0x27051956) return undefined;
  const end = 64 + head.readUInt32BE(12);
  const plain = Buffer.from(head);
  plain.writeUInt32BE(0, 4);
  return {
    format: 'uimage',
    name: printable(head.subarray(32, 64)) ?? '',
    end,
    integrity: () => [
      { algorithm: 'CRC-32', over: 'header', holds: crc32(plain) === head.readUInt32BE(4) },
      { algorithm: 'CRC-32', over: 'data', holds: crcOf(artefact.slice(64, end)) === head.readUInt32BE(24) },
    ],
  };
}

function trx(artefact: Blob): Found | undefined {
  const head = header(artefact, 0, 32);
  const version = head?.readUInt16LE(14) ?? 0;
  if (head === undefined || head.toString('latin1', 0, 4) !== 'HDR0' || (version !== 1 && version !== 2))
    return undefined;
  const end = head.readUInt32LE(4);
  return {
    format: 'trx',
    name: '',
    end,
    // Without the final inversion, over all that follows the field.
    integrity: () => [
      { algorithm: 'CRC-32', over: 'image', holds: ~crcOf(artefact.slice(12, end)) >>> 0 === head.readUInt32LE(8) },
    ],
  };
}

function chk(artefact: Blob): Found | undefined {
  const head = header(artefact, 0, 40);
  if (head === undefined || head.readUInt32BE(0) !== 0x2a23245e) return undefined;
  const size = head.readUInt32BE(4);
  const board = size > 40 && size <= 256 ? printable(artefact.read(40, size - 40)) : undefined;
  if (board === undefined) return undefined;
  return {
    format: 'netgear-chk',
    name: board,
    end: size + head.readUInt32BE(24) + head.readUInt32BE(28),
    integrity: () => [],
  };
}

/**
 * The size that it states takes in the CRC-32 at its end, which is without the final inversion. Behind it vendors put
 * signatures of their own: only a file that ends there is known to have none.
 */
function telink(artefact: Blob): Found | undefined {
  const head = header(artefact, 0, 32);
  const end = head?.readUInt32LE(24) ?? 0;
  if (head === undefined || head.toString('latin1', 8, 12) !== 'KNLT' || end < 64 || end < artefact.size)
    return undefined;
  return {
    format: 'telink',
    name: '',
    end,
    integrity: () => [
      {
        algorithm: 'CRC-32',
        over: 'firmware',
        holds: ~crcOf(artefact.slice(0, end - 4)) >>> 0 === header(artefact, end - 4, 4)?.readUInt32LE(0),
      },
    ],
  };
}

const found = (artefact: Blob): Found | undefined =>
  uimage(artefact) ?? trx(artefact) ?? chk(artefact) ?? telink(artefact);

export const checksummed: Verifier = {
  id: 'header/checksummed',
  title: 'Image with a header of checksums',
  // Where a signature lies beside it, that is what speaks for it.
  recognise: (artefact, context) =>
    found(artefact) !== undefined && COMPANIONS.every((suffix) => context.companion(suffix) === undefined),
  async verify(artefact) {
    const image = found(artefact);
    const blank = { ...blankVerdict(checksummed, image?.format ?? 'unknown'), updateByNature: false };
    if (image === undefined) return blank;
    const cut = image.end > artefact.size;
    return {
      ...blank,
      ...account(artefact.size, [{ start: 0, end: Math.min(image.end, artefact.size), what: 'image' }], []),
      integrity: cut ? [] : image.integrity(),
      faults: cut ? [{ kind: 'truncated', message: 'it is shorter than its header states' }] : [],
      notes: image.name === '' ? [] : [image.name],
    };
  },
};
