/** Gecko bootloader files (GBL) of Silicon Labs, given bare. */
import { blankVerdict, type Verifier } from '../../../core/model/verifier.ts';
import { gecko, isGecko } from './gecko.ts';

export const gbl: Verifier = {
  id: 'radio/gbl',
  title: 'Gecko bootloader file',
  recognise: isGecko,
  verify: async (artefact, context) => ({ ...blankVerdict(gbl, 'gbl'), ...(await gecko(artefact, context)) }),
};
