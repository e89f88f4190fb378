/** A TLS version that is not older than another; DTLS versions count as the TLS version that they are built on. */
import type { Keyword } from '../../core/model/keyword.ts';
import { TLS_VERSIONS } from '../../facts/tls.ts';

type Version = (typeof TLS_VERSIONS)[number];

/** RFC 4347: DTLS 1.0 is TLS 1.1, RFC 6347: DTLS 1.2 is TLS 1.2. */
const RANK: { readonly [V in Version]: number } = {
  SSLv2: 0,
  SSLv3: 1,
  TLSv1: 2,
  'TLSv1.1': 3,
  DTLSv1: 3,
  'TLSv1.2': 4,
  'DTLSv1.2': 4,
  'TLSv1.3': 5,
};
const rankOf = (value: unknown): number =>
  typeof value === 'string' && Object.hasOwn(RANK, value) ? RANK[value as Version] : Number.NaN;

export const tlsAtLeast: Keyword = {
  name: 'tlsAtLeast',
  title: 'a TLS version of at least',
  operand: { enum: TLS_VERSIONS },
  suits: ['string'],
  satisfies: (value, operand) => rankOf(value) >= rankOf(operand),
};
