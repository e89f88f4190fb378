/** How a chain of certificates holds together: order, signatures, validity, trust, the name asked for. RFC 5280 §6, RFC 9110 §4.3.4. */
import { isIP } from './ip-text.ts';
import type { Certificate } from './x509.ts';

export interface ChainJudgement {
  readonly trust: 'given-authority' | 'public-authority' | 'self-signed' | 'unknown-authority' | 'broken';
  readonly ordered: boolean;
  readonly length: number;
  readonly nameMatches: boolean;
  readonly serverAuth: boolean;
  readonly why?: string;
}

export interface ChainQuestion {
  /** As sent, leaf first; not empty. */
  readonly chain: readonly Certificate[];
  readonly host: string;
  /** The maker's own authorities. */
  readonly given: readonly Certificate[];
  /** Public authorities, read only where a path leads beyond the chain. */
  readonly publicAuthorities: () => readonly Certificate[];
  /** ISO 8601. */
  readonly now: string;
}

const SERVER_AUTH = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];
const LONGEST = 16;

export function judgeChain(question: ChainQuestion): ChainJudgement | undefined {
  const { chain, host } = question;
  const leaf = chain[0];
  if (leaf === undefined) return undefined;
  const path = trustOf(leaf, question);
  return {
    ...path,
    ordered: chain.every((one, index) => index + 1 >= chain.length || issues(chain[index + 1], one)),
    length: chain.length,
    nameMatches: matches(leaf, host),
    serverAuth: leaf.purposes === undefined || leaf.purposes.some((purpose) => SERVER_AUTH.includes(purpose)),
  };
}

function matches(leaf: Certificate, host: string): boolean {
  const found = isIP(host) ? leaf.x509.checkIP(host) : leaf.x509.checkHost(host);
  return found !== undefined;
}

type Path = Pick<ChainJudgement, 'trust' | 'why'>;

function trustOf(leaf: Certificate, { chain, given, publicAuthorities, now }: ChainQuestion): Path {
  let current = leaf;
  for (let depth = 0; depth < LONGEST; depth += 1) {
    const known = anchorOf(current, given);
    if (known !== undefined) return found('given-authority', known, depth, now);
    if (current.selfSigned) {
      if (depth === 0) return { trust: 'self-signed', why: 'the certificate is signed with its own key' };
      return publicAuthorities().some(({ sha256 }) => sha256 === current.sha256)
        ? { trust: 'public-authority' }
        : { trust: 'unknown-authority', why: `the chain ends in ${current.subject}, which is not trusted` };
    }
    const next = chain.find((one) => one !== current && issues(one, current));
    if (next === undefined) return beyond(current, chain, publicAuthorities, depth, now);
    const fault = faultOfIssuer(next, current, now);
    if (fault !== undefined) return { trust: 'broken', why: fault };
    current = next;
  }
  return { trust: 'broken', why: 'the chain goes in a circle' };
}

/** The given authority that the certificate is, or that signed it. */
const anchorOf = (certificate: Certificate, anchors: readonly Certificate[]): Certificate | undefined =>
  anchors.find((anchor) => anchor.sha256 === certificate.sha256) ??
  anchors.find((anchor) => issues(anchor, certificate) && signs(anchor, certificate));

const found = (
  trust: 'given-authority' | 'public-authority',
  anchor: Certificate,
  depth: number,
  now: string,
): Path => {
  if (depth === 0 || anchor.notAfter >= new Date(now).toISOString()) return { trust };
  return { trust: 'broken', why: `${anchor.subject} expired on ${anchor.notAfter.slice(0, 10)}` };
};

function beyond(
  current: Certificate,
  chain: readonly Certificate[],
  publicAuthorities: () => readonly Certificate[],
  depth: number,
  now: string,
): Path {
  const anchor = anchorOf(current, publicAuthorities());
  if (anchor !== undefined) return found('public-authority', anchor, depth, now);
  const claimed = chain.find((one) => one !== current && one.subject === current.issuer);
  return claimed === undefined
    ? { trust: 'unknown-authority', why: `${current.issuer}, which signed it, is neither sent nor trusted` }
    : { trust: 'broken', why: `the signature of ${current.issuer} does not hold` };
}

function faultOfIssuer(issuer: Certificate, certificate: Certificate, now: string): string | undefined {
  if (!signs(issuer, certificate)) return `the signature of ${issuer.subject} does not hold`;
  if (!issuer.ca) return `${issuer.subject} signed a certificate and is no authority`;
  const at = new Date(now).toISOString();
  if (issuer.notAfter < at) return `${issuer.subject} expired on ${issuer.notAfter.slice(0, 10)}`;
  return issuer.notBefore > at ? `${issuer.subject} is valid from ${issuer.notBefore.slice(0, 10)} only` : undefined;
}

/** By names and key identifiers. */
function issues(issuer: Certificate | undefined, certificate: Certificate): boolean {
  return issuer !== undefined && issuer.subject === certificate.issuer && certificate.x509.checkIssued(issuer.x509);
}

function signs(issuer: Certificate, certificate: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}
