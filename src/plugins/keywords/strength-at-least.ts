/** A key size that gives at least so many bits of security, by the type of key that the same fact names. */
import type { Keyword } from '../../core/model/keyword.ts';

/** NIST SP 800-57 part 1 rev. 5, table 2: sizes of integer-factorisation and finite-field keys, and what they are worth. */
const FINITE: readonly (readonly [number, number])[] = [
  [15_360, 256],
  [7680, 192],
  [3072, 128],
  [2048, 112],
  [1024, 80],
];

function finite(bits: number): number {
  return FINITE.find(([size]) => bits >= size)?.[1] ?? 0;
}

const KINDS: readonly { readonly names: RegExp; readonly worth: (bits: number) => number }[] = [
  { names: /^(?:ssh-)?(?:rsa|dss|dsa|dh)\b/i, worth: finite },
  { names: /^rsa-sha2-/i, worth: finite },
  { names: /^(?:ed|x)448\b/i, worth: () => 224 },
  { names: /^(?:ssh-)?(?:ed|x)25519\b/i, worth: () => 128 },
  { names: /^(?:ec|ecdsa|ecdsa-sha2-[a-z0-9]{1,32})$/i, worth: (bits) => Math.floor(bits / 2) },
  { names: /^symmetric$/i, worth: (bits) => bits },
];

/** The member that names the type of the key, whichever the fact has. */
const TYPE_MEMBERS = ['keyType', 'type'] as const;

export const strengthAtLeast: Keyword = {
  name: 'strengthAtLeast',
  title: 'a strength in bits (by key type) of at least',
  operand: { type: 'number', minimum: 0 },
  suits: ['number'],
  satisfies(value, operand, { data }) {
    const type = TYPE_MEMBERS.map((member) => data?.[member]).find((one) => typeof one === 'string');
    if (typeof value !== 'number' || typeof operand !== 'number' || typeof type !== 'string') return false;
    const kind = KINDS.find(({ names }) => names.test(type));
    return kind !== undefined && kind.worth(value) >= operand;
  },
};
