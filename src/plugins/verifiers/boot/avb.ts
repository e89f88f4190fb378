/** Android verified boot (AVB 1.x): vbmeta images, and partitions with a footer whose hash descriptor binds them. */

import { descriptorsOf, HEAD, metaOf, placeOf } from '../../../codecs/formats/avb.ts';
import { account, type ByteRange, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import { ownImage, partitionOf } from './avb-partitions.ts';
import { signatureOf } from './avb-signature.ts';

export const avb: Verifier = {
  id: 'boot/avb',
  title: 'Android verified boot image',
  recognise: (artefact) => placeOf(artefact) !== undefined,
  async verify(artefact, context) {
    const place = placeOf(artefact);
    const blank = { ...blankVerdict(avb, 'avb'), updateByNature: false };
    if (place === undefined) return blank;
    const meta = metaOf(artefact, place.at);
    const flags = meta.head.readUInt32BE(120);
    const index = meta.head.readBigUInt64BE(112);
    const seen = await signatureOf(artefact, meta, context);
    const payload: ByteRange[] = [
      { start: meta.at, end: meta.at + HEAD, what: 'vbmeta header' },
      { start: meta.auxiliaryStart, end: meta.end, what: 'vbmeta descriptors' },
      ...(place.image === undefined ? [] : [{ start: 0, end: place.image, what: 'partition' }]),
    ];
    const bound = place.image === undefined ? undefined : await ownImage(artefact, meta, place.image, context);
    const signed = seen !== undefined;
    const notes: string[] = [];
    const broken: string[] = [];
    // What a footer says of its own partition was held against it already.
    for (const descriptor of place.image === undefined ? descriptorsOf(meta) : []) {
      const told = await partitionOf(descriptor, context);
      notes.push(`${descriptor.kind} of ${descriptor.name}: ${told.note}`);
      broken.push(...told.broken);
    }
    return {
      ...blank,
      signed,
      signatures: signed ? [seen.signature] : [],
      ...account(artefact.size, payload, signed ? [...seen.read, ...(bound?.read ?? [])] : []),
      broken: signed ? [...flagsOf(flags), ...(bound?.broken ?? []), ...seen.broken, ...broken] : [],
      rollback: { protected: index > 0n, value: String(index) },
      notes: [...notes, ...(signed ? [] : [...flagsOf(flags), ...broken])],
    };
  },
};

const flagsOf = (flags: number): string[] => [
  ...((flags & 1) === 0 ? [] : ['a flag switches hash trees off']),
  ...((flags & 2) === 0 ? [] : ['a flag switches verification off']),
];
