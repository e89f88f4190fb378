/** `Packages` of opkg feeds: the signature beside it speaks for the index, and through its hashes for the packages. */
import { isFeedIndex, type Stanza, stanzasOf } from '../../../codecs/formats/feed.ts';
import { besideOf, detachedSignatures } from '../../../codecs/signatures/detached.ts';
import { comparedNote, compareListed, packagesIn } from '../../../codecs/signatures/listed.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { account, blankVerdict, type UpdateVerdict, type Verifier } from '../../../core/model/verifier.ts';
import { union, without } from '../../../lib/ranges.ts';

const isApt = (stanzas: readonly Stanza[]): boolean => stanzas.some(({ file }) => file.endsWith('.deb'));

export const packages: Verifier = {
  id: 'feed/packages',
  title: 'Package index',
  recognise: (artefact, { name }) => isFeedIndex(artefact, name),
  async verify(artefact, context) {
    const blank = { ...blankVerdict(packages, 'packages'), rollback: { protected: false } };
    const stanzas = stanzasOf(artefact);
    const beside = besideOf(context);
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
      notes: [
        comparedNote(compared, 'packages'),
        ...beside.map(({ suffix }) => `signature in ${context.name}${suffix}`),
      ],
    };
  },
};

const withoutLoose = (covered: UpdateVerdict['covered'], loose: readonly Stanza[]): UpdateVerdict['covered'] =>
  covered.flatMap((range) => without(range, union(loose)));
