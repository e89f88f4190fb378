/** Facts about whether what the maker states agrees with what was seen: one type for each kind of statement. */

import { defineFact } from '../core/model/fact.ts';
import type { Area } from '../core/model/target.ts';
import { object, oneOf, text, yes } from '../lib/schema.ts';

const agreement = <K extends string>(name: string, title: string, over: Area, topics: readonly K[]) =>
  defineFact({
    name: `agreement.${name}`,
    title,
    over,
    schema: object({
      topic: oneOf(topics),
      agrees: yes(),
      declared: text('In words.'),
      observed: text('In words.'),
    }),
  });

export const agreementListener = agreement(
  'listener',
  'Whether a listener that was seen is declared, a declared one was seen, and it speaks what is declared',
  'endpoint',
  ['undeclared', 'absent', 'protocol'],
);
export const agreementCryptography = agreement(
  'cryptography',
  'Whether cryptography that an endpoint takes is among what the maker states',
  'endpoint',
  ['tls-version', 'tls-suite', 'tls-group', 'ssh-algorithm'],
);
export const agreementAccount = agreement(
  'account',
  'Whether an account of the image that one can log in with is among those that the maker states',
  'root-file-system',
  ['password', 'key'],
);
export const agreementLogin = agreement(
  'login',
  'Whether a place where the device asks for credentials is among those that the maker states',
  'endpoint',
  ['surface'],
);
export const agreementTakenLogin = agreement(
  'taken-login',
  'Whether an account that the device took is among those that the maker states',
  'endpoint',
  ['account'],
);
export const agreementKey = agreement(
  'update-key',
  'Whether an update artefact is signed with a key that the maker states',
  'update',
  ['signature', 'unsigned'],
);
export const agreementTrustedKey = agreement(
  'trusted-key',
  'Whether a key that update clients of the image trust is declared, and the declared ones are trusted',
  'root-file-system',
  ['undeclared', 'absent'],
);
export const agreementFeature = agreement('feature', 'Whether a feature that was observed is declared', 'target', [
  'present',
]);
