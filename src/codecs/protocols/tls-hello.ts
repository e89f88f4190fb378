/** ClientHello records of our own, for every version and suite that a TLS library would refuse to offer. RFC 8446, 5246, 6101. */
import { chance } from '../../lib/chance.ts';
import { CURVES, FINITE_FIELDS, SIGNATURE_SCHEMES, THIRTEEN_GROUPS } from './tls-groups.ts';
import { type Extension, u8, u16, u16s, u24, VERSIONS, vector8, vector16 } from './tls-wire.ts';

export const RENEGOTIATION_SCSV = 0x00ff;
export const FALLBACK_SCSV = 0x5600;

export const EXTENSION = {
  serverName: 0,
  statusRequest: 5,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  heartbeat: 15,
  alpn: 16,
  signedTimestamp: 18,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  sessionTicket: 35,
  earlyData: 42,
  supportedVersions: 43,
  pskModes: 45,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

export interface HelloParts {
  /** Highest version asked for. */
  readonly version: number;
  readonly suites: readonly number[];
  /** 0 none, 1 DEFLATE; none unless said. */
  readonly compression?: readonly number[];
  readonly random?: Uint8Array;
  readonly sessionId?: Uint8Array;
  readonly extensions: readonly Extension[];
  /** Version on the record; TLS 1.0 at most unless said (RFC 8446 appendix D). */
  readonly recordVersion?: number;
}

export function clientHello(parts: HelloParts): Buffer {
  const legacy = Math.min(parts.version, VERSIONS['TLSv1.2']);
  return record(
    22,
    parts.recordVersion ?? Math.min(legacy, VERSIONS.TLSv1),
    handshake(1, clientHelloBody(parts, legacy)),
  );
}

/** The body of a ClientHello; `cookie` only for DTLS. */
export function clientHelloBody(parts: HelloParts, legacy: number, cookie?: Uint8Array): Buffer {
  const extensions = parts.extensions.map(({ type, body }) => Buffer.concat([u16(type), vector16(body)]));
  return Buffer.concat([
    u16(legacy),
    parts.random ?? chance(32, 'random of TLS'),
    vector8(parts.sessionId ?? Buffer.alloc(0)),
    ...(cookie === undefined ? [] : [vector8(cookie)]),
    vector16(u16s(parts.suites)),
    vector8(Buffer.from(parts.compression ?? [0])),
    ...(extensions.length === 0 ? [] : [vector16(Buffer.concat(extensions))]),
  ]);
}

export const handshake = (type: number, body: Uint8Array): Buffer => Buffer.concat([u8(type), u24(body.length), body]);
export const record = (type: number, version: number, body: Uint8Array): Buffer =>
  Buffer.concat([u8(type), u16(version), vector16(body)]);

export const serverName = (host: string): Extension => ({
  type: EXTENSION.serverName,
  body: vector16(Buffer.concat([u8(0), vector16(Buffer.from(host, 'latin1'))])),
});
export const supportedGroups = (groups: readonly number[]): Extension => ({
  type: EXTENSION.supportedGroups,
  body: vector16(u16s(groups)),
});
export const pointFormats = (): Extension => ({ type: EXTENSION.pointFormats, body: vector8(Buffer.from([0])) });
export const signatureAlgorithms = (schemes: readonly number[] = SIGNATURE_SCHEMES): Extension => ({
  type: EXTENSION.signatureAlgorithms,
  body: vector16(u16s(schemes)),
});
export const supportedVersions = (versions: readonly number[]): Extension => ({
  type: EXTENSION.supportedVersions,
  body: vector8(u16s(versions)),
});
export const keyShares = (shares: readonly { readonly group: number; readonly key: Uint8Array }[]): Extension => ({
  type: EXTENSION.keyShare,
  body: vector16(Buffer.concat(shares.map(({ group, key }) => Buffer.concat([u16(group), vector16(key)])))),
});
export const alpn = (names: readonly string[]): Extension => ({
  type: EXTENSION.alpn,
  body: vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name, 'latin1'))))),
});
export const statusRequest = (): Extension => ({ type: EXTENSION.statusRequest, body: Buffer.from([1, 0, 0, 0, 0]) });
export const pskModes = (): Extension => ({ type: EXTENSION.pskModes, body: vector8(Buffer.from([1])) });
export const renegotiationInfo = (): Extension => ({
  type: EXTENSION.renegotiationInfo,
  body: vector8(Buffer.alloc(0)),
});
export const heartbeat = (): Extension => ({ type: EXTENSION.heartbeat, body: Buffer.from([1]) });
/** An extension without content: extended master secret, encrypt-then-MAC, session ticket, SCT. */
export const bare = (type: number): Extension => ({ type, body: Buffer.alloc(0) });

/** Whether a name may stand in a server_name extension: no address (RFC 6066 §3). */
export const mayName = (host: string): boolean => /[a-z]/i.test(host) && !host.includes(':') && host.length < 256;

/** The extensions of an ordinary client of that version; SSLv3 knows none. */
export function usualExtensions(version: number, host: string | undefined): Extension[] {
  if (version < VERSIONS.TLSv1) return [];
  const name = host !== undefined && mayName(host) ? [serverName(host)] : [];
  if (version >= VERSIONS['TLSv1.3']) {
    return [
      ...name,
      supportedVersions([VERSIONS['TLSv1.3']]),
      supportedGroups(THIRTEEN_GROUPS),
      signatureAlgorithms(),
      pskModes(),
    ];
  }
  const groups = supportedGroups([
    29,
    23,
    24,
    25,
    ...CURVES.filter((c) => ![29, 23, 24, 25].includes(c)),
    ...FINITE_FIELDS,
  ]);
  return [...name, groups, pointFormats(), ...(version >= VERSIONS['TLSv1.2'] ? [signatureAlgorithms()] : [])];
}

/** SSLv2 CLIENT-HELLO with every kind of cipher (draft-hickman-netscape-ssl-00 §2.5). */
export function ssl2Hello(kinds: Iterable<number>): Buffer {
  const specs = Buffer.concat([...kinds].map(u24));
  const challenge = chance(16, 'challenge of SSLv2');
  const body = Buffer.concat([
    u8(1),
    u16(VERSIONS.SSLv2),
    u16(specs.length),
    u16(0),
    u16(challenge.length),
    specs,
    challenge,
  ]);
  return Buffer.concat([u16(0x8000 | body.length), body]);
}
