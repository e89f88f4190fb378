/** Addresses in clear that an image names, in a text or in a program, and what they are for. */
import type { FileEntry } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceEndpointUrl } from '../../../facts/index.ts';
import { type Blob, textIn } from '../../../lib/blob.ts';
import { UPDATER } from './clients.ts';

const NOT_FETCHED =
  /^(localhost|127\.|0\.0\.0\.0|192\.168\.|10\.|172\.(1[6-9]|2\d|3[01])\.|\[|%s|\$|example\.|www\.example|schemas\.|xmlns|www\.w3\.org|purl\.org|schemas\.xmlsoap|ns\.adobe|tempuri|www\.gnu\.org|www\.apache\.org|gnu\.org|opensource\.org|bugs\.|tools\.ietf)/i;

/** Homes of free software, which programs name in their messages and fetch nothing from. */
const PROJECTS =
  /(^|\.)(haxx\.se|curl\.se|openssl\.org|busybox\.net|kernel\.org|sourceforge\.net|sf\.net|free\.fr|snowman\.net|zend\.com|openwrt\.org|mozilla\.org|digicert\.com|github\.com|github\.io|gnupg\.org|ietf\.org|rfc-editor\.org|xmlsoap\.org|upnp\.org|onvif\.org|broadband-forum\.org|lighttpd\.net|nginx\.(org|net)|php\.net|sqlite\.org|thekelleys\.org\.uk|netfilter\.org|strongswan\.org|samba\.org|debian\.org|w3\.org|adobe\.com|dublincore\.org|iec\.ch|ffmpeg\.org|python\.org|perl\.org|lua\.org|translationproject\.org|freedesktop\.org|bluez\.org|gtk\.org|xiph\.org|gnu\.org|dns-sd\.org|nlnetlabs\.nl|bzip\.org|jabber\.org|greenwoodsoftware\.com|invisible-island\.net|code\.google\.com|isc\.org|netlib\.org|sourceware\.org|savannah\.gnu\.org|launchpad\.net|docbook\.org|oasis-open\.org|unicode\.org|iana\.org)$/i;

export function tellUrls(file: FileEntry, line: string, at: number, context: AnalyzerContext): number {
  const found = [...line.matchAll(/\b(http|ftp|mqtt|ws|tftp):\/\/([\w.-]+\.[a-z]{2,})(:\d+)?(\/[\w./?=&%-]*)?/g)]
    .filter(([, , host = '']) => !NOT_FETCHED.test(host))
    .slice(0, 20);
  for (const [url, scheme = '', host = ''] of found) {
    context.emit(
      serviceEndpointUrl,
      {
        url: url.slice(0, 300),
        scheme: scheme as 'http' | 'ftp' | 'mqtt' | 'ws' | 'tftp',
        file: file.name,
        line: at,
        purpose: purposeOf(file, line),
        example: /\b(example|sample|doc)\b/i.test(file.name) || /(^|\.)example\.(com|org|net)$/.test(host),
      },
      { subject: { kind: 'file', path: `${file.path}#${at}` }, where: `line ${at}` },
    );
  }
  return found.length;
}

/** Of an address with a user and a password all but the password. */
export const withoutPassword = (text: string): string =>
  text.replace(/(:\/\/[^\s:/@]{0,64}:)[^\s/@]{1,128}(?=@)/g, '$1…');

/** What every address has. */
export const SEPARATOR = '://';
/** Schemes in clear; an address of the first that has any is told. */
const CLEAR = ['http', 'ftp', 'mqtt', 'ws', 'tftp'];
const LONGEST = 4;
/** How a program writes an address whose server it learns at run time. */
const BUILT = '://%s';

/** Addresses in a program: that they stand there is seen, whether it talks to them is not. */
export function tellProgram(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  if (/\/(lib|usr\/lib)\/(modules|firmware)\//.test(file.name)) return;
  const { at, cut } = context.places(SEPARATOR);
  const { url, built } = inClear(content, at);
  const message =
    url !== undefined
      ? `the program names ${url}, and whether it talks to it in clear is not known`
      : built
        ? 'the program puts an address in clear together at run time, and whose it is is not known'
        : cut && `the program has ${cut} of an address, and not all were looked at`;
  if (message === undefined) return;
  context.gap(
    { kind: url === undefined && !built ? 'over-budget' : 'unrecognised', message },
    { scope: { kind: 'file', path: file.path }, area: 'root-file-system', facts: [serviceEndpointUrl] },
  );
}

/** An address in clear at one of the places, and whether one is completed at run time. */
function inClear(content: Blob, places: Iterable<number>): { readonly url?: string; readonly built: boolean } {
  const first = new Map<string, string>();
  let built = false;
  for (const at of places) {
    const from = Math.max(0, at - LONGEST);
    const before = textIn(content, from, at - from);
    const scheme = CLEAR.findLast((one) => before.endsWith(one));
    if (scheme === undefined || first.has(scheme)) continue;
    const rest = textIn(content, at, 200);
    built ||= rest.startsWith(BUILT);
    const address = addressIn(rest.slice(SEPARATOR.length));
    if (address !== undefined) first.set(scheme, `${scheme}${SEPARATOR}${address}`);
  }
  const url = CLEAR.map((scheme) => first.get(scheme)).find((one) => one !== undefined);
  return { built, ...(url === undefined ? {} : { url }) };
}

/** The address of a server that is not a project's home, without its scheme. */
function addressIn(text: string): string | undefined {
  const [address, host = ''] = /^([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?::\d+)?(?:\/[\w./?=&%-]*)?/.exec(text) ?? [];
  return address === undefined || NOT_FETCHED.test(host) || PROJECTS.test(host) ? undefined : address;
}

/** Links that people are shown and names of makers: nothing fetches them. */
const SHOWN =
  /manufacturer|vendor_?url|model_?(url|name)|presentation|product_?(url|page)|home_?(page|url)|support_?url|help_?url|bug_?(url|report)|documentation|privacy|licen[cs]e|copyright|schema|xmlns|doctype|friendly/i;
/** Services of dynamic names are talked to where the user sets one up. */
const NAME_SERVICE = /ddns|dyndns|inadyn|no-?ip/i;

function purposeOf(file: FileEntry, line: string): 'update' | 'telemetry' | 'cloud' | 'other' | 'unknown' {
  if (SHOWN.test(line)) return 'other';
  if (NAME_SERVICE.test(file.name) || NAME_SERVICE.test(line)) return 'unknown';
  if (UPDATER.test(line) || UPDATER.test(file.name) || /repo(_?url|sitory)|\brelease/i.test(line)) return 'update';
  if (/telemetry|analytics|metrics|\bstat(s|istics?)?[._-]|\/(crash|report|collect)\b/i.test(line)) return 'telemetry';
  return /\b(mqtt|ws):\/\//.test(line) ? 'cloud' : 'unknown';
}
