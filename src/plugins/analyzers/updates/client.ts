/** How an image fetches its updates: clients and feeds, certificate verification switched off, addresses in clear. */

import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import {
  serviceEndpointUrl,
  serviceScript,
  updateClient,
  updateRollback,
  updateTlsSetting,
} from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

const LIMIT = 4 << 20;
const URLS = 1000;
/** Longer lines are looked at in pieces that overlap: the patterns are not linear on long ones. */
const PIECE = 2000;
const SHARED = 300;

/** What switches verification off, in scripts and configurations. */
const UNVERIFIED: readonly (readonly [RegExp, string])[] = [
  [/\bcurl\b[^|;#\n]*?\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$|")/, 'curl --insecure'],
  [/\bwget\b[^|;#\n]*--no-check-certificate/, 'wget --no-check-certificate'],
  [/\buclient-fetch\b[^|;#\n]*--no-check-certificate/, 'uclient-fetch --no-check-certificate'],
  [
    /SSL_VERIFYPEER\s*,\s*(0|false|FALSE)|verify\s*=\s*False\b|CERT_NONE\b|rejectUnauthorized\s*:\s*false/,
    'verification off in a program text',
  ],
  [
    /^\s*(check_certificate|ssl_verify|ssl-verify|verify_ssl|sslverify)\s*[=:]?\s*["']?(0|no|off|false)\b/i,
    'verification off in a configuration',
  ],
];
const FETCHES = /\b(wget|curl|uclient-fetch|tftp|ftpget|mosquitto_(?:pub|sub))\b/;
const UPDATER = /updat|upgrad|\bota\b|firmware|fw_|flash|opkg|swupdate|rauc|mender/i;
const NOT_FETCHED =
  /^(localhost|127\.|0\.0\.0\.0|192\.168\.|10\.|172\.(1[6-9]|2\d|3[01])\.|\[|%s|\$|example\.|www\.example|schemas\.|xmlns|www\.w3\.org|purl\.org|schemas\.xmlsoap|ns\.adobe|tempuri|www\.gnu\.org|www\.apache\.org|gnu\.org|opensource\.org|bugs\.|tools\.ietf)/i;

export const updatesClient: Analyzer = {
  id: 'updates/client',
  title: 'Update clients, switched-off verification, addresses in clear',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [updateClient, updateTlsSetting, updateRollback, serviceEndpointUrl, serviceScript],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    file.size > 0 &&
    !/\.(js|css|html?|png|jpg|gif|so|ko|a|o|svg|woff2?|po|mo|lua)(\.|$)/.test(file.name),
  observe(file, content, context) {
    const start = content.read(0, 2);
    const script = start[0] === 0x23 && start[1] === 0x21;
    if (!script && !/^\/etc\//.test(file.name)) return;
    const text = wholeText(content, LIMIT);
    if (text === undefined) return;
    readClient(file, text, context);
    readLines(file, text, context);
  },
};

/** A line in pieces of bounded length; as a rule one. */
function piecesOf(line: string): readonly string[] {
  if (line.length <= PIECE) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += PIECE - SHARED) pieces.push(line.slice(at, at + PIECE));
  return pieces;
}

function readLines(file: FileEntry, text: string, context: AnalyzerContext): void {
  let urls = 0;
  const script = text.startsWith('#!') || /^\/etc\/(init\.d|rc)/.test(file.name);
  const lines = text
    .split('\n')
    .flatMap((raw, index) => (/^\s*(#|;|\/\/)/.test(raw) ? [] : piecesOf(raw).map((line) => ({ line, index }))));
  for (const { line, index } of lines) {
    const at = { subject: { kind: 'file', path: `${file.path}#${index + 1}` } as const, where: `line ${index + 1}` };
    const off = UNVERIFIED.find(([pattern]) => pattern.test(line));
    if (off !== undefined)
      context.emit(
        updateTlsSetting,
        { file: file.name, line: index + 1, how: off[1], inUpdater: UPDATER.test(line) || UPDATER.test(file.name) },
        at,
      );
    if (script) tellHabit(file, line, index + 1, at, context);
    // Texts name many addresses; what a command fetches is what the device talks to.
    if (FETCHES.test(line)) urls += tellUrls(file, line, index + 1, context);
    if (urls > URLS) throw new FaultError('over-budget', `more than ${URLS} addresses in one file`);
  }
}

type At = { readonly subject: { readonly kind: 'file'; readonly path: string }; readonly where: string };

/** Runs what lies on removable media, or what was just downloaded. */
function tellHabit(file: FileEntry, line: string, at: number, grounds: At, context: AnalyzerContext): void {
  const kind = habitOf(line);
  if (kind !== undefined)
    context.emit(
      serviceScript,
      {
        kind,
        file: file.name,
        line: at,
        text: line
          .trim()
          .replace(/(pass\w*|key|token|secret)=\S+/gi, '$1=…')
          .slice(0, 200),
      },
      grounds,
    );
}

function habitOf(line: string): 'runs-from-removable' | 'download-and-run' | 'secret-in-log' | undefined {
  if (
    /(^|[;&|]\s*|\b(sh|source|exec|\.)\s+)["']?\/(mnt|media)\/(usb|sd\w*|mmc\w*|udisk|disk)[\w/.-]*\.(sh|bin)\b/.test(
      line,
    )
  )
    return 'runs-from-removable';
  if (/\b(wget|curl|tftp)\b[^;|]*(\||;|&&)\s*(sh|bash|ash)\b/.test(line)) return 'download-and-run';
  return /\b(logger|echo)\b[^|;]*\$\{?(\w*(password|passwd|psk|secret)\w*)\}?[^|;]*(>>?\s*\S*(log|console)|$)/i.test(
    line,
  ) && /\blogger\b|\/dev\/console|\.log\b/.test(line)
    ? 'secret-in-log'
    : undefined;
}

function tellUrls(file: FileEntry, line: string, at: number, context: AnalyzerContext): number {
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

function purposeOf(file: FileEntry, line: string): 'update' | 'telemetry' | 'unknown' {
  if (UPDATER.test(line) || UPDATER.test(file.name)) return 'update';
  return /telemetry|report|stat|log/i.test(line) ? 'telemetry' : 'unknown';
}

type Tool = 'opkg' | 'apt' | 'swupdate' | 'rauc' | 'mender' | 'script';
type Client = {
  readonly tool: Tool;
  readonly url?: string;
  readonly line?: number;
  readonly check: 'on' | 'off' | 'unknown';
};

function readClient(file: FileEntry, text: string, context: AnalyzerContext): void {
  for (const client of clientsOf(file, text)) {
    const { tool, url, line, check } = client;
    const at = line === undefined ? {} : { line };
    context.emit(
      updateClient,
      {
        tool,
        file: file.name,
        ...at,
        ...(url === undefined ? {} : { url: url.slice(0, 300) }),
        transport: transportOf(url),
        signatureCheck: check,
      },
      {
        subject: { kind: 'file', path: `${file.path}#${line ?? tool}` },
        ...(line === undefined ? {} : { where: `line ${line}` }),
      },
    );
  }
  if (/^\/etc\/rauc\/system\.conf$/.test(file.name)) {
    context.emit(
      updateRollback,
      { tool: 'rauc', protected: /^\s*min-bundle-version\s*=/m.test(text), file: file.name },
      { subject: { kind: 'file', path: file.path } },
    );
  }
}

function transportOf(url: string | undefined): 'https' | 'http' | 'ftp' | 'tftp' | 'other' | 'none' {
  if (url === undefined) return 'none';
  return (/^(https|http|ftp|tftp):/.exec(url)?.[1] as 'https' | 'http' | 'ftp' | 'tftp' | undefined) ?? 'other';
}

/** Each client's own configuration, by where it lies. */
const CLIENTS: readonly (readonly [RegExp, (text: string, live: readonly Numbered[]) => readonly Client[]])[] = [
  [/^\/etc\/opkg(\.conf$|\/)/, (_text, live) => opkgClients(live)],
  [/^\/etc\/apt\/sources\.list/, (_text, live) => aptClients(live)],
  [
    /^\/etc\/swupdate(\.cfg$|\/)/,
    (text) => [{ tool: 'swupdate', ...urlIn(text), check: /public-key-file|ca-path/.test(text) ? 'on' : 'unknown' }],
  ],
  [
    /^\/etc\/rauc\/system\.conf$/,
    (text) => [{ tool: 'rauc', check: /^\s*\[keyring\]/m.test(text) ? 'on' : 'unknown' }],
  ],
  [
    /^\/etc\/mender\/mender\.conf$/,
    (text) => [{ tool: 'mender', ...urlIn(text), check: /ArtifactVerifyKey/.test(text) ? 'on' : 'off' }],
  ],
];

function clientsOf(file: FileEntry, text: string): readonly Client[] {
  const live = text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), at: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  const own = CLIENTS.find(([pattern]) => pattern.test(file.name))?.[1];
  if (own !== undefined) return own(text, live);
  return text.startsWith('#!') && UPDATER.test(file.name) ? scriptClients(live) : [];
}

const urlIn = (text: string): { url?: string } => {
  const url = /\b(https?|ftp):\/\/[\w$[][^\s"',;|*)]*/.exec(text)?.[0];
  return url === undefined ? {} : { url };
};
type Numbered = { readonly line: string; readonly at: number };

function opkgClients(lines: readonly Numbered[]): readonly Client[] {
  const check = lines.some(({ line }) => /^option\s+check_signature/.test(line));
  return lines.flatMap(({ line, at }) =>
    /^src(\/gz)?\s+\S+\s+\S+/.test(line)
      ? [
          {
            tool: 'opkg' as const,
            url: line.split(/\s+/)[2] ?? '',
            line: at,
            check: check ? ('on' as const) : ('unknown' as const),
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
            check: /trusted=yes/.test(line) ? ('off' as const) : ('on' as const),
          },
        ]
      : [],
  );

const scriptClients = (lines: readonly Numbered[]): readonly Client[] =>
  lines.flatMap(({ line, at }) =>
    /\b(wget|curl|tftp|uclient-fetch)\b/.test(line) && /\b(https?|ftp):\/\//.test(line)
      ? [{ tool: 'script' as const, ...urlIn(line), line: at, check: 'unknown' as const }]
      : [],
  );
