/** Product and version out of what a server says of itself, by the table of fingerprints. */

interface Fingerprint {
  readonly protocol: string;
  readonly after: string;
  readonly product: string;
  readonly cpe?: string;
}

export interface Product {
  readonly product: string;
  readonly version?: string;
  readonly cpe?: string;
}

const isFingerprint = (value: unknown): value is Fingerprint =>
  typeof value === 'object' && value !== null && 'protocol' in value && 'after' in value && 'product' in value;

/** The first fingerprint whose text stands in what was said; the version is what follows, if it begins with a digit. */
export function productOf(table: unknown, protocol: string, said: string): Product | undefined {
  const list = (table as { readonly fingerprints?: unknown } | null)?.fingerprints;
  const text = said.slice(0, 512).toLowerCase();
  const entry = (Array.isArray(list) ? list.filter(isFingerprint) : []).find(
    (one) => one.protocol === protocol && text.includes(one.after.toLowerCase()),
  );
  if (entry === undefined) return undefined;
  const version = versionAt(said, text.indexOf(entry.after.toLowerCase()) + entry.after.length);
  return {
    product: entry.product,
    ...(version === undefined ? {} : { version }),
    ...(entry.cpe === undefined ? {} : { cpe: cpeOf(entry.cpe, version) }),
  };
}

const versionAt = (said: string, at: number): string | undefined =>
  /^\d[0-9a-z.+_-]{0,31}/i.exec(said.slice(at, at + 40))?.[0].replace(/[._+-]{1,32}$/, '');

/** A candidate only: vendors patch without raising the version. Characters that CPE 2.3 reserves are escaped. */
const cpeOf = (name: string, version: string | undefined): string =>
  `cpe:2.3:a:${name}:${(version ?? '*').replace(/[+]/g, '\\$&')}:*:*:*:*:*:*:*`;
