/** The seal of a dossier: a DSSE envelope (v1.0) over an in-toto statement (v1) of the hash of every file. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson } from '../../lib/canonical.ts';
import type { Listing } from './listing.ts';

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
const PREDICATE = 'urn:x-assay:dossier-seal:1';
/** Bytes of a seal; half a million names fit. */
export const SEAL_SIZE = 128 << 20;

/** What the seal says besides the hashes. Everything of it is signed. */
export interface Sealed {
  readonly tool: { readonly name: string; readonly version: string };
  readonly sealedAt: string;
  /** What the dossier was judged to be, and by what. */
  readonly report: {
    readonly baselines: readonly string[];
    readonly outcome: string;
    readonly assessedAt: string;
    /** SHA-256 of the report as canonical JSON. */
    readonly sha256: string;
    /** SHA-256 of everything that judged. */
    readonly rules: string;
  };
  /** Base64 of DER, the signer's first. */
  readonly certificates: readonly string[];
}
export interface Statement {
  readonly files: ReadonlyMap<string, string>;
  readonly sealed: Sealed;
}

/** DSSE's pre-authentication encoding: what is signed. */
export function preAuthenticated(payload: Uint8Array): Buffer {
  const type = Buffer.from(PAYLOAD_TYPE);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

/** SHA-256 of the public key as DER. */
export const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update((key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' }))
    .digest('hex');

const hashFor = (key: KeyObject): string | null => (key.asymmetricKeyType === 'ed25519' ? null : 'sha256');

/** The text of `seal.json`. */
export function seal(files: Listing['files'], sealed: Sealed, key: KeyObject): string {
  const subject = [...files].sort().map(([name, sha256]) => ({ name, digest: { sha256 } }));
  const statement = { _type: STATEMENT, subject, predicateType: PREDICATE, predicate: sealed };
  const payload = Buffer.from(canonicalJson(statement));
  const signature = sign(hashFor(key), preAuthenticated(payload), key);
  return written({
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId(key), sig: signature.toString('base64') }],
  });
}

interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly [{ readonly keyid: string; readonly sig: string }];
}

const written = ({ payloadType, payload, signatures: [{ keyid, sig }] }: Envelope): string =>
  `${JSON.stringify({ payloadType, payload, signatures: [{ keyid, sig }] }, null, 2)}\n`;

export interface OpenSeal {
  readonly statement: Statement;
  readonly keyid: string;
  /** Whether this key made the seal. */
  by(key: KeyObject): boolean;
}

/** Opens a seal, or says in a few words what is wrong with it. A seal has one spelling: every other one was changed. */
export function openSeal(text: string): OpenSeal | string {
  const envelope = parsed(text);
  if (envelope === undefined || !isEnvelope(envelope)) return 'it is no DSSE envelope with one signature';
  if (written(envelope) !== text) return 'it was changed: members, spaces or data that a seal does not have';
  if (envelope.payloadType !== PAYLOAD_TYPE) return 'its payload is no in-toto statement (payloadType)';
  const [{ keyid, sig }] = envelope.signatures;
  const payload = base64(envelope.payload);
  const signature = base64(sig);
  if (payload === undefined || signature === undefined) return 'its base64 is broken';
  const body = payload.toString('utf8');
  const statement = statementOf(parsed(body), body);
  if (typeof statement === 'string') return statement;
  return {
    statement,
    keyid,
    by: (key) => keyid === keyId(key) && verify(hashFor(key), preAuthenticated(payload), key, signature),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of canonical base64 only. */
function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

function isEnvelope(value: unknown): value is Envelope {
  if (!isObject(value) || typeof value['payloadType'] !== 'string' || typeof value['payload'] !== 'string')
    return false;
  const signatures = value['signatures'];
  if (!Array.isArray(signatures) || signatures.length !== 1) return false;
  const one: unknown = signatures[0];
  return isObject(one) && typeof one['keyid'] === 'string' && typeof one['sig'] === 'string';
}

const HASH = /^[0-9a-f]{64}$/;

function statementOf(value: unknown, text: string): Statement | string {
  if (!isObject(value) || canonicalJson(value) !== text) return 'its statement is not written as assay writes it';
  if (value['_type'] !== STATEMENT || value['predicateType'] !== PREDICATE)
    return 'its statement speaks of something else';
  const files = filesOf(value['subject']);
  if (typeof files === 'string') return files;
  const predicate = value['predicate'];
  return isSealed(predicate) ? { files, sealed: predicate } : 'its statement lacks what a seal says';
}

function filesOf(subject: unknown): ReadonlyMap<string, string> | string {
  const files = new Map<string, string>();
  for (const one of Array.isArray(subject) ? (subject as readonly unknown[]) : []) {
    const named = namedDigest(one);
    if (named === undefined) return 'its list of files is broken';
    if (files.has(named.name)) return 'its list names a file twice';
    files.set(named.name, named.sha256);
  }
  return files.size > 0 ? files : 'its list of files is empty';
}

function namedDigest(one: unknown): { readonly name: string; readonly sha256: string } | undefined {
  if (!isObject(one) || !isObject(one['digest'])) return undefined;
  const { name } = one;
  const { sha256 } = one['digest'];
  return typeof name === 'string' && typeof sha256 === 'string' && HASH.test(sha256) ? { name, sha256 } : undefined;
}

function isSealed(value: unknown): value is Sealed {
  if (!isObject(value) || !isObject(value['report']) || !isObject(value['tool'])) return false;
  const { report, tool } = value as { readonly [name: string]: { readonly [name: string]: unknown } };
  const texts = [
    value['sealedAt'],
    tool?.['version'],
    ...['outcome', 'assessedAt', 'sha256', 'rules'].map((name) => report?.[name]),
  ];
  return isTexts(texts) && isTexts(report?.['baselines']) && isTexts(value['certificates']);
}

/** What differs between what was sealed and what lies there; in words, by name. */
export function differences(sealed: ReadonlyMap<string, string>, found: Listing): readonly string[] {
  const removed = [...sealed.keys()].filter((name) => !found.files.has(name));
  const added = [...found.files.keys()].filter((name) => !sealed.has(name));
  const free = new Map(added.map((name) => [found.files.get(name) ?? '', name]));
  const renamed = new Map<string, string>();
  for (const old of removed) {
    const hash = sealed.get(old) ?? '';
    const to = free.get(hash);
    if (to !== undefined) renamed.set(old, to);
    free.delete(hash);
  }
  const moved = new Set(renamed.values());
  return [
    ...[...sealed]
      .filter(([name, hash]) => (found.files.get(name) ?? hash) !== hash)
      .map(([name]) => `changed: ${name}`),
    ...[...renamed].map(([from, to]) => `renamed: ${from} to ${to}`),
    ...removed.filter((name) => !renamed.has(name)).map((name) => `removed: ${name}`),
    ...added.filter((name) => !moved.has(name)).map((name) => `added: ${name}`),
    ...found.strange.map((name) => `added: ${name} (no plain file)`),
  ];
}
