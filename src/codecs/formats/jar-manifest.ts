/** Manifests of signed JAR files (JAR File Specification, "Signed JAR File"): sections of attributes, and the strongest digest in one. */
import { FaultError } from '../../lib/fault.ts';

export interface JarManifest {
  readonly main: ReadonlyMap<string, string>;
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const MOST_LINES = 2_000_000;
const bad = (message: string): never => {
  throw new FaultError('malformed', `manifest: ${message}`);
};

/** Attribute names are in lower case: they are compared so. Throws FaultError. */
export function jarManifestOf(text: string): JarManifest {
  // A line that starts with a blank goes on with the one before.
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n /g, '').split('\n');
  if (lines.length > MOST_LINES) throw new FaultError('over-budget', 'manifest: too many lines');
  const main = new Map<string, string>();
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined = main;
  for (const line of lines) {
    if (line === '') {
      section = undefined;
      continue;
    }
    const colon = line.indexOf(': ');
    if (colon < 1) return bad('a line without a name');
    const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    if (section === undefined) {
      if (name !== 'name') return bad('a section without a name');
      if (sections.has(value)) return bad(`${value.slice(0, 80)} comes twice`);
      section = new Map();
      sections.set(value, section);
    } else if (section.has(name)) return bad('an attribute comes twice');
    else section.set(name, value);
  }
  return { main, sections };
}

const DIGESTS = ['sha-512', 'sha-384', 'sha-256', 'sha1', 'sha-1', 'md5'];

/** The strongest of the digests that a section states; `what` is `digest` or `digest-manifest`. */
export function statedDigest(
  attributes: ReadonlyMap<string, string> | undefined,
  what: string,
): { readonly hash: string; readonly digest: Buffer } | undefined {
  for (const name of DIGESTS) {
    const value = attributes?.get(`${name}-${what}`);
    if (value !== undefined) return { hash: name.replace('-', ''), digest: Buffer.from(value, 'base64') };
  }
  return undefined;
}
