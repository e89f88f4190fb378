/** Catalogues of signatures of the Linux vendor firmware service (libjcat): gzip over JSON, a name and its blobs. */
import { gunzipSync } from 'node:zlib';
import { FaultError } from '../../lib/fault.ts';

export type JcatKind = 'sha256' | 'gpg' | 'pkcs7' | 'sha1' | 'ed25519' | 'sha512' | 'other';

export interface JcatBlob {
  readonly kind: JcatKind;
  readonly bytes: Buffer;
  /** What is signed is the text of this checksum in the same item, and not the file. */
  readonly target?: JcatKind;
}

export interface JcatItem {
  readonly names: readonly string[];
  readonly blobs: readonly JcatBlob[];
}

/** `JcatBlobKind` by number. */
const KINDS: { readonly [number: number]: JcatKind } = {
  1: 'sha256',
  2: 'gpg',
  3: 'pkcs7',
  4: 'sha1',
  9: 'ed25519',
  10: 'sha512',
};
const MOST_JSON = 8 << 20;
const MOST_ITEMS = 4096;
const MOST_BLOBS = 32;

/** libjcat writes this behind the gzip, so that caches take no part of it for the whole. */
const END = Buffer.from('IHATECDN');

export const isJcat = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Throws FaultError. */
export function jcatOf(bytes: Uint8Array): readonly JcatItem[] {
  const all = Buffer.from(bytes);
  const packed = all.subarray(-END.length).equals(END) ? all.subarray(0, -END.length) : all;
  let parsed: unknown;
  try {
    parsed = JSON.parse(gunzipSync(packed, { maxOutputLength: MOST_JSON }).toString('utf8'));
  } catch (error) {
    throw new FaultError('malformed', 'no catalogue of signatures that can be read', { cause: error });
  }
  const items = listOf((parsed as { readonly Items?: unknown } | null)?.Items);
  if (items.length > MOST_ITEMS) throw new FaultError('over-budget', `a catalogue of ${items.length} items`);
  return items.map((item) => {
    const { Id, AliasIds, Blobs } = (item ?? {}) as { readonly [key: string]: unknown };
    const names = [Id, ...listOf(AliasIds)].filter((one) => typeof one === 'string');
    return { names, blobs: listOf(Blobs).slice(0, MOST_BLOBS).flatMap(blobOf) };
  });
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const kindOf = (value: unknown): JcatKind => KINDS[Number(value)] ?? 'other';

function blobOf(value: unknown): readonly JcatBlob[] {
  const { Kind, Flags, Data, Target } = (value ?? {}) as { readonly [key: string]: unknown };
  if (typeof Data !== 'string') return [];
  const text = (Number(Flags) & 1) === 1;
  const bytes = Buffer.from(Data, text ? 'utf8' : 'base64');
  return [{ kind: kindOf(Kind), bytes, ...(Number(Target) > 0 ? { target: kindOf(Target) } : {}) }];
}
