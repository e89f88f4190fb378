/** MCUboot images (MCUboot design, "Image format"): digest, signatures and counters in the tags behind the image. */

import { derChild, derChildren, derWhole, TAG } from '../../../codecs/formats/der.ts';
import { header } from '../../../codecs/formats/fields.ts';
import type { Scheme } from '../../../codecs/signatures/check.ts';
import { digestBytes, type Message, messageOf } from '../../../codecs/signatures/message.ts';
import { type PublicKey, publicKey } from '../../../codecs/signatures/public-key.ts';
import { attribute, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import type { Fault } from '../../../lib/fault.ts';

const MAGIC = 0x96f3b83d;
const ENCRYPTED = 0x04 | 0x08;
const PROTECTED = 0x6908;
const PLAIN = 0x6907;
const T = { keyHash: 0x01, publicKey: 0x02, pure: 0x25, dependency: 0x40, counter: 0x50 } as const;
const DIGESTS: { readonly [tag: number]: string } = { 16: 'sha256', 17: 'sha384', 18: 'sha512' };
const MOST_TAGS = 1024;

interface Tag {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly protected: boolean;
}

interface Image {
  readonly flags: number;
  readonly version: string;
  /** Where the code ends, and where what is signed ends. */
  readonly code: number;
  readonly signed: number;
  readonly tags: readonly Tag[];
  readonly end: number;
  readonly fault?: Fault;
}

function imageOf(artefact: Blob): Image | undefined {
  const head = header(artefact, 0, 32);
  if (head === undefined || head.readUInt32LE(0) !== MAGIC) return undefined;
  const size = head.readUInt16LE(8);
  const guarded = head.readUInt16LE(10);
  const code = size + head.readUInt32LE(12);
  if (size < 32) return undefined;
  const version = `${head[20]}.${head[21]}.${head.readUInt16LE(22)}+${head.readUInt32LE(24)}`;
  const base = { flags: head.readUInt32LE(16), version, code, signed: code + guarded };
  const cut = (message: string): Image => ({
    ...base,
    tags: [],
    end: artefact.size,
    fault: { kind: 'truncated', message },
  });
  if (base.signed + 4 > artefact.size) return cut('the image ends before its tags');
  const first = guarded === 0 ? [] : tagsAt(artefact, { at: code, magic: PROTECTED, end: code + guarded });
  const rest = header(artefact, base.signed, 4);
  if (first === undefined || rest?.readUInt16LE(0) !== PLAIN) return cut('the tags behind the image are not there');
  const end = base.signed + rest.readUInt16LE(2);
  const second = tagsAt(artefact, { at: base.signed, magic: PLAIN, end });
  return second === undefined
    ? cut('the tags behind the image break off')
    : { ...base, tags: [...first, ...second], end };
}

function tagsAt(artefact: Blob, area: { at: number; magic: number; end: number }): Tag[] | undefined {
  const info = header(artefact, area.at, 4);
  if (info?.readUInt16LE(0) !== area.magic || area.at + info.readUInt16LE(2) !== area.end) return undefined;
  if (area.end > artefact.size) return undefined;
  const tags: Tag[] = [];
  let at = area.at + 4;
  while (at < area.end) {
    const head = header(artefact, at, 4);
    if (head === undefined || tags.length >= MOST_TAGS) return undefined;
    const end = at + 4 + head.readUInt16LE(2);
    if (end > area.end) return undefined;
    tags.push({ id: head.readUInt16LE(0), start: at + 4, end, protected: area.magic === PROTECTED });
    at = end;
  }
  return tags;
}

/** Schemes by tag; the key's own length is part of what a tag says. */
const SCHEMES: { readonly [tag: number]: Scheme } = {
  32: { algorithm: 'RSASSA-PSS', hash: 'sha256', saltLength: 32 },
  33: { algorithm: 'ECDSA', hash: 'sha256', encoding: 'der-padded' },
  34: { algorithm: 'ECDSA', hash: 'sha256', encoding: 'der-padded' },
  35: { algorithm: 'RSASSA-PSS', hash: 'sha256', saltLength: 32 },
  36: { algorithm: 'Ed25519', hash: 'sha512' },
};

export const mcuboot: Verifier = {
  id: 'boot/mcuboot',
  title: 'MCUboot image',
  recognise: (artefact) => imageOf(artefact) !== undefined,
  async verify(artefact, context) {
    const image = imageOf(artefact);
    const blank = { ...blankVerdict(mcuboot, 'mcuboot'), updateByNature: image?.fault === undefined };
    if (image === undefined) return blank;
    const named = { ...blank, version: image.version, encrypted: (image.flags & ENCRYPTED) !== 0 };
    const payload: ByteRange[] = [{ start: 0, end: Math.min(image.signed, artefact.size), what: 'image' }];
    if (image.fault !== undefined) return { ...named, ...account(artefact.size, payload, []), faults: [image.fault] };
    for (const tag of image.tags)
      if (!tag.protected && (tag.id === T.dependency || tag.id === T.counter))
        payload.push({ start: tag.start, end: tag.end, what: 'a tag that decides, outside the signature' });
    const sealed = await sealedOf(artefact, image, context);
    const signatures = await signaturesOf(artefact, context, sealed);
    const known = { ...named, signed: signatures.length > 0, rollback: rollbackOf(artefact, image) };
    // The digest of an encrypted image is of its plain text, which only the device sees.
    if (named.encrypted) {
      const message = 'the signed digest is of the plain image, which only the device sees';
      return { ...known, ...account(artefact.size, payload, []), faults: [{ kind: 'encrypted', message }] };
    }
    const { stated, hash, message } = sealed;
    const broken = known.signed && stated === false ? ['the image does not have the digest that it states'] : [];
    return {
      ...known,
      signatures,
      ...account(artefact.size, payload, known.signed ? message.read : []),
      integrity: stated === undefined ? [] : [{ algorithm: hash.toUpperCase(), over: 'image', holds: stated }],
      broken,
    };
  },
};

async function sealedOf(artefact: Blob, image: Image, { signal }: VerifyContext): Promise<Sealed> {
  const message = messageOf(artefact, [{ start: 0, end: image.signed }]);
  const tag = image.tags.find(({ id }) => id in DIGESTS);
  const hash = DIGESTS[tag?.id ?? 0] ?? 'sha256';
  const digest = await message.digest(hash, signal);
  const stated = tag === undefined ? {} : { stated: digest.equals(artefact.read(tag.start, tag.end - tag.start)) };
  return { image, message, hash, digest, ...stated };
}

function rollbackOf(artefact: Blob, { tags }: Image): { readonly protected: boolean; readonly value?: string } {
  const counter = tags.find(({ id }) => id === T.counter);
  const bytes = counter === undefined ? undefined : header(artefact, counter.start, 4);
  if (counter === undefined || bytes === undefined) return { protected: false };
  return { protected: counter.protected, value: String(bytes.readUInt32LE(0)) };
}

interface Sealed {
  readonly image: Image;
  readonly message: Message;
  readonly hash: string;
  readonly digest: Buffer;
  /** Whether the image has the digest that it states; absent when it states none. */
  readonly stated?: boolean;
}

async function signaturesOf(artefact: Blob, context: VerifyContext, sealed: Sealed): Promise<readonly Signed[]> {
  const { tags } = sealed.image;
  const read = ({ start, end }: Tag): Uint8Array => artefact.read(start, end - start);
  const keyHash = tags.find(({ id }) => id === T.keyHash);
  const brought = tags.find(({ id }) => id === T.publicKey);
  const pure = tags.some(({ id }) => id === T.pure);
  const hashed = keyHash === undefined ? undefined : Buffer.from(read(keyHash));
  const found: Signed[] = [];
  for (const tag of tags) {
    const scheme = SCHEMES[tag.id];
    if (scheme === undefined) continue;
    const signed = scheme.algorithm === 'ECDSA' ? { ...scheme, hash: sealed.hash } : scheme;
    // Ed25519 signs the digest, unless the image says that it signs the image itself.
    const message = scheme.algorithm === 'Ed25519' && !pure ? inMemory(sealed.digest) : sealed.message;
    found.push(
      await orBroken(scheme.algorithm, () =>
        attribute(context, {
          scheme: signed,
          message,
          signature: read(tag),
          ...(brought === undefined ? {} : { embedded: publicKey(read(brought)) }),
          ...(hashed === undefined
            ? {}
            : { names: (key: PublicKey) => keyHashes(key).some((one) => one.equals(hashed)) }),
        }),
      ),
    );
  }
  return found;
}

const inMemory = (bytes: Uint8Array): Message => messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);

/** The key as the boot loader keeps it: PKCS #1 of RSA keys, SPKI of others. */
function keyHashes(key: PublicKey): readonly Buffer[] {
  const inner = derChild(derChildren(derWhole(key.spki, TAG.sequence)), 1, TAG.bits).value.subarray(1);
  return [digestBytes('sha256', inner), digestBytes('sha256', key.spki)];
}
