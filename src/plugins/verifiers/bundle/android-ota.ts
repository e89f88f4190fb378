/** Android over-the-air zips: one CMS over the whole file, in the comment of the archive (AOSP, "Sign builds"). */
import { parseCms } from '../../../codecs/formats/cms.ts';
import { header } from '../../../codecs/formats/fields.ts';
import { cmsSignatures } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import type { Range } from '../../../lib/ranges.ts';

interface Footer {
  /** What is signed: all up to the size of the comment. */
  readonly signed: number;
  readonly signature: Range;
}

/** The last six bytes: where the signature starts (from the end), two bytes of 0xFF, the size of the comment. */
function footerOf(artefact: Blob): Footer | undefined {
  if (header(artefact, 0, 4)?.readUInt32LE(0) !== 0x04034b50) return undefined;
  const foot = header(artefact, artefact.size - 6, 6);
  if (foot === undefined || foot.readUInt16LE(2) !== 0xffff) return undefined;
  const [start, comment] = [foot.readUInt16LE(0), foot.readUInt16LE(4)];
  const end = artefact.size - comment - 22;
  if (start > comment || start <= 6 || end < 0) return undefined;
  const record = header(artefact, end, 22);
  if (record?.readUInt32LE(0) !== 0x06054b50 || record.readUInt16LE(20) !== comment) return undefined;
  return { signed: end + 20, signature: { start: artefact.size - start, end: artefact.size - 6 } };
}

export const androidOta: Verifier = {
  id: 'bundle/android-ota',
  title: 'Android over-the-air package',
  recognise: (artefact) => footerOf(artefact) !== undefined,
  async verify(artefact, context) {
    const footer = footerOf(artefact);
    const blank = blankVerdict(androidOta, 'android-ota');
    if (footer === undefined) return blank;
    const { start, end } = footer.signature;
    const message = messageOf(artefact, [{ start: 0, end: footer.signed }]);
    const signatures = await cmsSignatures(context, parseCms(artefact.read(start, end - start)), message);
    return {
      ...blank,
      signed: signatures.length > 0,
      signatures,
      ...account(artefact.size, [{ start: 0, end: footer.signed, what: 'archive' }], message.read),
    };
  },
};
