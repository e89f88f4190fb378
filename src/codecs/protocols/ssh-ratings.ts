/** Rates SSH algorithms by the knowledge table, and tells Terrapin exposure from an offer (CVE-2023-48795). */
import type { SshOffer } from './ssh-hello.ts';

export const SSH_KINDS = ['kex', 'host-key', 'cipher', 'mac', 'compression'] as const;
export type SshKind = (typeof SSH_KINDS)[number];

export interface SshRating<W extends string = string> {
  readonly rating: 'good' | 'weak' | 'broken' | 'unknown';
  readonly weaknesses: readonly W[];
  readonly source?: string;
}
interface Group<W extends string> extends SshRating<W> {
  readonly names: readonly string[];
}
/** The shape of `ssh-algorithms.yaml`. */
export type SshRatings<W extends string> = {
  readonly [K in SshKind]: readonly Group<W>[];
} & { readonly pseudo: readonly string[] };

/** The rating of a name; a table name that ends in `-` stands for a family (GSS mechanisms append a hash). */
export function rate<W extends string>(table: SshRatings<W>, kind: SshKind, name: string): SshRating<W> {
  for (const group of table[kind]) {
    const hit = group.names.some((known) => known === name || (known.endsWith('-') && name.startsWith(known)));
    if (hit) return group;
  }
  return { rating: 'unknown', weaknesses: [] };
}

/** Every algorithm of an offer once, both directions joined, pseudo-algorithms left out. */
export function algorithmsOf(offer: SshOffer, pseudo: readonly string[]): { kind: SshKind; names: string[] }[] {
  const real = offer.kex.filter((name) => !pseudo.includes(name));
  return [
    { kind: 'kex', names: unique(real) },
    { kind: 'host-key', names: unique(offer.hostKeys) },
    { kind: 'cipher', names: unique(offer.ciphersToServer, offer.ciphersToClient) },
    { kind: 'mac', names: unique(offer.macsToServer, offer.macsToClient) },
    { kind: 'compression', names: unique(offer.compressionToServer, offer.compressionToClient) },
  ];
}

const unique = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];

export interface Terrapin {
  readonly vulnerable: boolean;
  readonly strictKex: boolean;
  readonly because: string;
}

/** ChaCha20-Poly1305, or CBC with an encrypt-then-MAC, is open to prefix truncation unless strict key exchange is on offer. */
export function terrapinOf(offer: SshOffer): Terrapin {
  const strictKex = offer.kex.includes('kex-strict-s-v00@openssh.com');
  const ciphers = unique(offer.ciphersToServer, offer.ciphersToClient);
  const macs = unique(offer.macsToServer, offer.macsToClient);
  const chacha = ciphers.filter((name) => name.startsWith('chacha20-poly1305'));
  const cbc = ciphers.filter((name) => name.endsWith('-cbc') || name.includes('-cbc@'));
  const etm = macs.filter((name) => name.includes('-etm@'));
  const exposed = [...chacha, ...(etm.length > 0 ? cbc.map((name) => `${name} with ${etm[0]}`) : [])];
  if (strictKex) return { vulnerable: false, strictKex, because: 'strict key exchange is on offer' };
  if (exposed.length === 0) return { vulnerable: false, strictKex, because: 'no cipher mode on offer is exposed' };
  return { vulnerable: true, strictKex, because: `${exposed.join(', ')} without strict key exchange` };
}
