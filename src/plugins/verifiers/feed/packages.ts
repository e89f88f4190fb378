/** `Packages` of opkg feeds: the signature beside it speaks for the index, and through its hashes for the packages. */
import { isFeedIndex, type Stanza, stanzasOf } from '../../../codecs/formats/feed.ts';
import { unpackedIndex } from '../../../codecs/formats/packed-index.ts';
import { type Beside, besideOf, detachedSignatures } from '../../../codecs/signatures/detached.ts';
import { comparedNote, compareListed, packagesIn } from '../../../codecs/signatures/listed.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import {
  account,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { union, without } from '../../../lib/ranges.ts';

const isApt = (stanzas: readonly Stanza[]): boolean => stanzas.some(({ file }) => file.endsWith('.deb'));

export const packages: Verifier = {
  id: 'feed/packages',
  title: 'Package index',
  recognise: (artefact, { name }) => isFeedIndex(artefact, name) || packedIn(artefact, name) !== undefined,
  async verify(packed, context) {
    const artefact = packedIn(packed, context.name) ?? packed;
    const found = await indexVerdict(artefact, context);
    if (artefact === packed) return found;
    // What is signed is the index within: a packer could have written the same with other bytes, so none of these is covered.
    const loose = found.signed ? found.uncovered.length > 0 : true;
    const whole = [{ start: 0, end: packed.size, what: 'packed index' }];
    const notes = [...found.notes, `what is signed is the index within, of ${artefact.size} bytes`];
    return { ...found, ...account(packed.size, loose ? whole : [], []), ...(found.signed ? { notes } : {}) };
  },
};

/** `Packages.gz` and `Packages.xz`: the index within, if they hold one. */
function packedIn(artefact: Blob, name: string): Blob | undefined {
  if (!/^Packages\.(gz|xz)$/.test(name)) return undefined;
  try {
    const index = unpackedIndex(artefact);
    return index !== undefined && isFeedIndex(index, 'Packages') ? index : undefined;
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

/** opkg keeps the signature of the index under the name without the packing. */
function signaturesBeside(context: VerifyContext): readonly Beside[] {
  const own = besideOf(context);
  const blob = /^Packages\.(gz|xz)$/.test(context.name) ? context.sibling('Packages.sig') : undefined;
  return blob === undefined || own.length > 0 ? own : [{ suffix: '.sig', blob: memoryBlob(blob.read(0, 1 << 16)) }];
}

async function indexVerdict(artefact: Blob, context: VerifyContext): Promise<UpdateVerdict> {
  const blank = { ...blankVerdict(packages, 'packages'), rollback: { protected: false } };
  const stanzas = stanzasOf(artefact);
  const beside = signaturesBeside(context);
  const all = [{ start: 0, end: artefact.size, what: 'index' }];
  const unsigned = { ...blank, ...account(artefact.size, all, []) };
  if (beside.length === 0 && isApt(stanzas)) {
    const message = 'an index of apt is signed through its Release: give InRelease, or Release with Release.gpg';
    return { ...unsigned, faults: [{ kind: 'unsupported', message }] };
  }
  if (beside.length === 0) return unsigned;
  const message = messageOf(artefact, all);
  const signatures = await detachedSignatures(context, beside, message);
  const compared = await compareListed(context, packagesIn(stanzas));
  const loose = stanzas.filter(({ sha256, file }) => sha256 === undefined || file === '');
  const covered = account(artefact.size, all, message.read);
  return {
    ...blank,
    signed: true,
    signatures,
    ...covered,
    // The line is signed, and what is installed by it is not: those stanzas count as not covered.
    covered: loose.length === 0 ? covered.covered : withoutLoose(covered.covered, loose),
    uncovered: loose.map(({ start, end, name }) => ({ start, end, what: `package ${name} without file or SHA-256` })),
    broken: compared.broken,
    notes: [comparedNote(compared, 'packages'), ...beside.map(({ suffix }) => `signature in ${context.name}${suffix}`)],
  };
}

const withoutLoose = (covered: UpdateVerdict['covered'], loose: readonly Stanza[]): UpdateVerdict['covered'] =>
  covered.flatMap((range) => without(range, union(loose)));
