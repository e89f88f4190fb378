/** Xiaomi router images (HDR1, HDR2): a checksum over all, and a block for the maker's RSA signature whose form is not published. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';

const BLOCK = 16;

interface Found {
  /** Where the block of the signature starts, and how many bytes it holds. */
  readonly at: number;
  readonly size: number;
  readonly checksum: number;
}

function imageOf(artefact: Blob): Found | undefined {
  const head = header(artefact, 0, 48);
  const magic = head?.toString('latin1', 0, 4);
  if (head === undefined || (magic !== 'HDR1' && magic !== 'HDR2')) return undefined;
  const at = head.readUInt32LE(4);
  const block = header(artefact, at, BLOCK);
  // The first blob tells it from Broadcom's TRX, which starts with HDR0.
  const first = header(artefact, head.readUInt32LE(magic === 'HDR1' ? 16 : 48), 4);
  if (at < 48 || block === undefined || first?.readUInt32LE(0) !== 0xbabe) return undefined;
  return { at, size: block.readUInt32LE(0), checksum: head.readUInt32LE(8) };
}

export const xiaomiHdr: Verifier = {
  id: 'header/xiaomi-hdr',
  title: 'Xiaomi router image',
  recognise: (artefact) => imageOf(artefact) !== undefined,
  async verify(artefact) {
    const found = imageOf(artefact);
    const blank = blankVerdict(xiaomiHdr, 'xiaomi-hdr');
    if (found === undefined) return blank;
    const payload = [{ start: 0, end: found.at, what: 'image' }];
    let crc = 0;
    for (const chunk of chunksOf(artefact.slice(12))) crc = crc32(chunk, crc);
    const integrity = [
      { algorithm: 'CRC-32', over: 'image', holds: ~crc >>> 0 === found.checksum || crc === found.checksum },
    ];
    const told = { ...blank, integrity, ...account(artefact.size, payload, []) };
    if (found.at + BLOCK + found.size > artefact.size)
      return { ...told, faults: [{ kind: 'truncated', message: 'its signature is not all there' }] };
    if (found.size === 0) return told;
    return {
      ...told,
      signed: true,
      signatures: [
        {
          algorithm: `RSA (${found.size * 8} bits)`,
          outcome: 'signer-unknown',
          message: 'of a kind that is not published: it was not verified',
        },
      ],
      ...account(artefact.size, payload, payload),
    };
  },
};
