/** What a manifest of updates (JSON, XML, text) names to be fetched: the first address in clear, or that all are secured. */

/** More than that is no manifest. */
export const MOST_MANIFEST = 256 << 10;

const TYPES = /^(application\/([\w.+-]*json|xml|[\w.-]+\+xml|yaml|x-yaml)|text\/)/i;
/** What is fetched, by its ending or by the word before it. Names of schemas and home pages are not. */
const FILE =
  /\.(bin|img|zip|gz|xz|tgz|tar|fw|swu|raucb|mender|ota|zigbee|gbl|hex|pkg|ipk|deb|apk|cab|cap|itb|trx|chk|upd|iso)([?#]|$)/i;
const WORD = /(url|uri|file|image|firmware|download|location|path|src)["'>\s:=]{1,6}$/i;

export const mayBeManifest = (type: string | undefined, size: number | undefined): boolean =>
  TYPES.test(type ?? '') && (size ?? 0) <= MOST_MANIFEST;

/** Every address is looked at, bounded by the size of a manifest. Undefined where nothing is named. */
export function namedIn(text: string): { readonly namesHttp: boolean; readonly names?: string } | undefined {
  const found = [...text.matchAll(/\b(https?|ftp):\\?\/\\?\/[^\s"'<>\\,]{1,300}(?:\\\/[^\s"'<>\\,]{1,300}){0,20}/g)]
    .map(({ 0: address, index }) => ({
      address: address.replaceAll('\\', ''),
      before: text.slice(Math.max(0, index - 40), index),
    }))
    .filter(({ address, before }) => FILE.test(address) || WORD.test(before));
  if (found.length === 0) return undefined;
  const clear = found.find(({ address }) => !address.startsWith('https:'));
  return clear === undefined ? { namesHttp: false } : { namesHttp: true, names: clear.address };
}
