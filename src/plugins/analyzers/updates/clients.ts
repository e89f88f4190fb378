/** What the configurations and scripts of an image say of its update clients: where from, and whether signatures are looked at. */

import { assignmentsIn, substituted } from '../../../codecs/formats/shell-words.ts';

type Tool = 'opkg' | 'apt' | 'apk' | 'swupdate' | 'rauc' | 'mender' | 'fwupd' | 'ostree' | 'sysupgrade' | 'script';

export interface Client {
  readonly tool: Tool;
  readonly url?: string;
  readonly line?: number;
  readonly check: 'on' | 'off' | 'unknown';
}

type Numbered = { readonly line: string; readonly at: number };
type Reader = (text: string, live: readonly Numbered[]) => readonly Client[];

/** Each client's own configuration, by where it lies. */
const CLIENTS: readonly (readonly [RegExp, Reader])[] = [
  [/^\/etc\/opkg(\.conf$|\/)/, (_text, live) => opkgClients(live)],
  [/^\/etc\/apt\/sources\.list\.d\/[^/]+\.sources$/, (text) => aptStanzas(text)],
  [/^\/etc\/apt\/sources\.list/, (_text, live) => aptClients(live)],
  [/^\/etc\/apt\/apt\.conf(\.d\/[^/]+)?$/, (_text, live) => aptOptions(live)],
  [/^\/etc\/apk\/repositories(\.d\/[^/]+\.list)?$/, (_text, live) => apkClients(live)],
  [/^\/etc\/apk\/config$/, (_text, live) => unchecked('apk', live, /^(--)?allow-untrusted$/)],
  [/^\/etc\/fwupd\/(fwupd|daemon)\.conf$/, (_text, live) => unchecked('fwupd', live, /^OnlyTrusted\s*=\s*false$/i)],
  [
    /^\/(etc\/ostree\/remotes\.d\/[^/]+\.conf|ostree\/repo\/config|sysroot\/ostree\/repo\/config)$/,
    (text) => ostreeRemotes(text),
  ],
  [/^\/etc\/swupdate(\.cfg$|\/)/, (text) => [{ tool: 'swupdate', ...urlIn(text), check: swupdateCheck(text) }]],
  [
    /^(\/etc|\/usr\/lib)\/rauc\/system\.conf$/,
    (text) => [{ tool: 'rauc', check: /^[ \t]*\[keyring\]/m.test(text) ? 'on' : 'unknown' }],
  ],
  [/^\/etc\/mender\/mender\.conf$/, (text) => [{ tool: 'mender', ...urlIn(text), check: menderCheck(text) }]],
];

export const UPDATER = /updat|upgrad|\bota\b|firmware|fw_|flash|opkg|swupdate|rauc|mender/i;

/** Tools of distributions that renew lists of names (usb.ids), which nothing runs. */
const LISTS = /\/update-(usbids|pciids|ieee-data|oui|geoip\w*|leap\w*)(\.sh)?$/;

/** Longer lines are looked at in pieces that overlap: the patterns are not linear on long ones. */
const PIECE = 2000;
const SHARED = 300;

/** A line in pieces of bounded length; as a rule one. */
export function piecesOf(line: string): readonly string[] {
  if (line.length <= PIECE) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += PIECE - SHARED) pieces.push(line.slice(at, at + PIECE));
  return pieces;
}

export function clientsOf(name: string, text: string): readonly Client[] {
  const live = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), at: index + 1 }))
    .filter(({ line }) => line !== '' && !/^(#|\/\/)/.test(line))
    .flatMap(({ line, at }) => piecesOf(line).map((piece) => ({ line: piece, at })));
  const own = CLIENTS.find(([pattern]) => pattern.test(name))?.[1];
  if (own !== undefined) return own(text, live);
  if (!text.startsWith('#!')) return /^\/etc[\w.]*\//.test(name) && !OTHER.test(name) ? statedServers(name, live) : [];
  // What a package does when it is installed is done once, by the package manager.
  if (PACKAGE.test(name)) return [];
  const forced = UPDATER.test(name) || /^\/etc\//.test(name) ? uncheckedClients(live) : [];
  return UPDATER.test(name) && !LISTS.test(name) ? [...forced, ...scriptClients(text, live)] : forced;
}

/** The scripts of OpenWrt that write an image: they take one without a signature unless they are told otherwise (`lib/upgrade/fwtool.sh`). */
export const takesImages = (text: string): boolean =>
  text.includes('fwtool_check_signature') && /^[ \t]*fwtool_check_signature[ \t]*\(\)/m.test(text);
export const requiresSignature = (text: string): boolean =>
  text.includes('REQUIRE_IMAGE_SIGNATURE') && /^[ \t]*(?:export[ \t]+)?REQUIRE_IMAGE_SIGNATURE=["']?1\b/m.test(text);

/**
 * Whether the packages come from OpenWrt itself: a maker who builds on it may write images by a program of his own that
 * looks at them first, and then what sysupgrade would take says nothing.
 */
export const isOpenwrtItself = (name: string, text: string): boolean =>
  /^\/etc\/(opkg|apk)\b/.test(name) && text.split('\n').some((line) => line.length < URL_LINE && OPENWRT.test(line));
const OPENWRT = /^[^#]*https?:\/\/([\w-]+\.)?(openwrt|lede-project)\.org\//;
/** The pattern is not linear on longer ones. */
const URL_LINE = 1000;

/** SWUpdate that was built to look at signatures says so where none of its keys is named; the other knows no such option. */
export const builtWithoutSignatures = (program: Buffer): boolean =>
  program.includes('sw-description') && program.includes('--image') && !program.includes('built for signed image');

const urlIn = (text: string): { url?: string } => {
  const url = /\b(https?|ftp):\/\/[\w$[][^\s"',;|*)]*/.exec(text)?.[0];
  return url === undefined ? {} : { url };
};

function opkgClients(lines: readonly Numbered[]): readonly Client[] {
  return lines.flatMap(({ line, at }) =>
    /^src(\/gz)?\s+\S+\s+\S+/.test(line)
      ? [
          {
            tool: 'opkg' as const,
            url: line.split(/\s+/)[2] ?? '',
            line: at,
            check: 'unknown' as const,
          },
        ]
      : [],
  );
}

const aptClients = (lines: readonly Numbered[]): readonly Client[] =>
  lines.flatMap(({ line, at }) =>
    /^deb\s/.test(line)
      ? [
          {
            tool: 'apt' as const,
            ...urlIn(line),
            line: at,
            check: /\[[^\]]*\b(trusted|allow-insecure)\s*=\s*yes\b/.test(line) ? ('off' as const) : ('on' as const),
          },
        ]
      : [],
  );

/** deb822 stanzas (sources.list(5)): `URIs:` may name several, `Enabled: no` switches all of a stanza off. */
function aptStanzas(text: string): readonly Client[] {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) => (index === 0 || line.trim() === '' ? [index] : []));
  return starts.flatMap((start, nth) => {
    const stanza = lines.slice(start, starts[nth + 1] ?? lines.length);
    const value = (key: RegExp): string =>
      stanza
        .find((line) => key.test(line))
        ?.replace(/^[^:]*:/, '')
        .trim() ?? '';
    const at = start + stanza.findIndex((line) => /^URIs:/i.test(line)) + 1;
    if (/^(no|false)$/i.test(value(/^Enabled:/i))) return [];
    const takesAny = [/^Trusted:/i, /^Allow-Insecure:/i].some((key) => /^(yes|true)$/i.test(value(key)));
    const check = takesAny ? ('off' as const) : ('on' as const);
    const addresses = value(/^URIs:/i)
      .split(/\s+/)
      .filter((url) => url !== '');
    return addresses.map((url) => ({ tool: 'apt' as const, url, line: at, check }));
  });
}

/** Repositories, some with a tag before them; apk checks signatures unless it is told not to (apk-repositories(5)). */
const apkClients = (lines: readonly Numbered[]): readonly Client[] =>
  lines.flatMap(({ line, at }) => {
    const url = /^(?:@\S+\s+)?(https?:\/\/\S+)$/.exec(line)?.[1];
    return url === undefined ? [] : [{ tool: 'apk' as const, url, line: at, check: 'on' as const }];
  });

/** One setting that lets in what is not signed; what is not said stays as the client is by itself. */
const unchecked = (tool: Tool, lines: readonly Numbered[], pattern: RegExp): readonly Client[] =>
  lines.flatMap(({ line, at }) => (pattern.test(line) ? [{ tool, line: at, check: 'off' as const }] : []));

/** apt.conf(5): `APT::Get::AllowUnauthenticated "true";`, in braces too. */
const aptOptions = (lines: readonly Numbered[]): readonly Client[] =>
  unchecked('apt', lines, /\bAllow(Unauthenticated|InsecureRepositories)\b\s*"?(true|yes|1|on|with)\b/i);

/** A key that is named in a comment is none. */
const swupdateCheck = (text: string): Client['check'] =>
  /\b(public-key-file|ca-path)\b/.test(withoutComments(text).replace(/^[ \t]*(#|\/\/).*$/gm, '')) ? 'on' : 'unknown';

/** In the manner of C, in one pass. */
function withoutComments(text: string): string {
  let kept = '';
  for (let at = 0; ; ) {
    const start = text.indexOf('/*', at);
    const end = start < 0 ? -1 : text.indexOf('*/', start + 2);
    if (end < 0) return kept + text.slice(at);
    kept += `${text.slice(at, start)} `;
    at = end + 2;
  }
}

/** Mender takes unsigned artefacts unless one key at least is named. */
function menderCheck(text: string): Client['check'] {
  let stated: unknown;
  try {
    stated = JSON.parse(text);
  } catch {
    // It does not start with such a configuration.
    return 'unknown';
  }
  const { ArtifactVerifyKey: one, ArtifactVerifyKeys: many } = (stated ?? {}) as { readonly [key: string]: unknown };
  const named = [one, ...(Array.isArray(many) ? (many as readonly unknown[]) : [])];
  return named.some((key) => typeof key === 'string' && key !== '') ? 'on' : 'off';
}

/** ostree.repo-config(5): each remote is verified by GPG unless it says otherwise. */
function ostreeRemotes(text: string): readonly Client[] {
  let line = 1;
  return text.split(/^(?=[ \t]*\[)/m).flatMap((section) => {
    const start = line;
    line += section.split('\n').length - 1;
    if (!/^\s*\[remote\s/.test(section)) return [];
    const said = (key: string, value: string): boolean =>
      new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*(${value})[ \\t\\r]*$`, 'im').test(section);
    const off = said('gpg-verify', 'false|0|no') && !said('sign-verify', '(?!false|0|no)\\S.*');
    return [
      { tool: 'ostree' as const, ...urlIn(section), line: start, check: off ? ('off' as const) : ('on' as const) },
    ];
  });
}

/** What installs without looking at signatures, whatever the configuration says. */
const UNCHECKED: readonly (readonly [RegExp, Tool])[] = [
  [/\bapk\b[^|;#]*--allow-untrusted\b/, 'apk'],
  [/\bapt(-get)?\b[^|;#]*(--allow-unauthenticated|--force-yes|AllowUnauthenticated=(true|1))/, 'apt'],
  [/\bopkg\b[^|;#]*--force[-_]checksum\b/, 'opkg'],
  [/\bostree\b[^|;#]*--no-gpg-verify\b/, 'ostree'],
  [/\bsysupgrade\b[^|;#]*\s(-[a-zA-Z]*F|--force)\b/, 'sysupgrade'],
];
/** What looks at a signature. */
export const VERIFIES =
  /\b(usign|ucert|signify|minisign|mkxqimage)\b.*\s-\w*[Vv]|\bopenssl\b.*-verify\b|\bgpgv?\b.*(--verify\b|\.sig\b|\.asc\b)/;
function uncheckedClients(lines: readonly Numbered[]): readonly Client[] {
  const looks = lines.some(({ line }) => VERIFIES.test(line));
  return lines.flatMap(({ line, at }) => {
    const tool = UNCHECKED.find(([pattern]) => pattern.test(line))?.[1];
    // What the script has verified itself may be forced upon the tool.
    return tool === undefined ? [] : [{ tool, line: at, check: looks ? ('unknown' as const) : ('off' as const) }];
  });
}

/** A setting of a maker's own that names where updates come from: `ota_site=http://…`, `option upgrade_url 'http://…'`. */
const STATED =
  /^(?:option\s+|list\s+)?["']?(?=\w{0,40}(?:(?<![a-z])f?ota|upgrade|update|firmware))\w{2,60}(?:url|uri|site|server|addr|address|host)["']?\s{0,8}[=:\s]\s{0,8}["']?(?:https?|ftp|tftp):\/\/[\w[]/i;
/** Of the server of something: the file is of firmware, or the address says that it is of updates. */
const OF_FIRMWARE = /\/config\/[\w.-]*(?:fw|firmware|upgrade|update|ota)[\w.-]*$/i;
const SERVER =
  /^(?:option\s+|list\s+)?["']?[\w.-]{0,60}(?:url|server|repo|path)[\w.-]{0,60}["']?\s*[=:\s]\s*["']?(?:https?|ftp|tftp):\/\//i;
const TO_UPDATES = /:\/\/\S{0,200}(?:update|upgrade|firmware|fota)/i;
/** Clients of names that change speak of updates too. */
const OTHER = /ddns|dyndns|inadyn|no-?ip|\/nic\/update|update_?url_?suffix|tracker/i;
const PACKAGE = /\/(opkg|dpkg|ipkg)\/info\//;

const statedServers = (name: string, lines: readonly Numbered[]): readonly Client[] =>
  lines.flatMap(({ line, at }) => {
    const stated = STATED.test(line) || (SERVER.test(line) && (OF_FIRMWARE.test(name) || TO_UPDATES.test(line)));
    if (!stated || OTHER.test(line)) return [];
    return [{ tool: 'script' as const, ...urlIn(line), line: at, check: 'unknown' as const }];
  });

/** What a script fetches, the variables that it sets itself to plain text put in their place. */
function scriptClients(text: string, lines: readonly Numbered[]): readonly Client[] {
  const variables = new Map<string, string>();
  for (const [name, value] of assignmentsIn(text)) variables.set(name, substituted(value, variables));
  return lines.flatMap(({ line, at }) => {
    if (!/\b(wget|curl|tftp|uclient-fetch)\b/.test(line)) return [];
    const { url } = urlIn(substituted(line, variables));
    return url === undefined ? [] : [{ tool: 'script' as const, url, line: at, check: 'unknown' as const }];
  });
}
