/** Detached signatures beside an artefact: CMS, OpenPGP, minisign, signify, and bare RSA, ECDSA or Ed25519. */
import { isFeedIndex } from '../../../codecs/formats/feed.ts';
import { besideOf, detachedSignatures } from '../../../codecs/signatures/detached.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { account, blankVerdict, type Verifier } from '../../../core/model/verifier.ts';

export const companion: Verifier = {
  id: 'detached/companion',
  title: 'Detached signature',
  // The signature of an index speaks for packages too: that is told with the index.
  recognise: (artefact, context) => besideOf(context).length > 0 && !isFeedIndex(artefact, context.name),
  async verify(artefact, context) {
    const all = [{ start: 0, end: artefact.size, what: 'file' }];
    const message = messageOf(artefact, all);
    const beside = besideOf(context);
    const signatures = await detachedSignatures(context, beside, message);
    return {
      ...blankVerdict(companion, 'detached'),
      updateByNature: false,
      signed: signatures.length > 0,
      signatures,
      ...account(artefact.size, all, message.read),
      notes: beside.map(({ suffix }) => `signature in ${context.name}${suffix}`),
    };
  },
};
