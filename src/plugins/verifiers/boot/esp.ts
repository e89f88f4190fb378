/** Application images of Espressif chips (ESP-IDF, "Secure Boot"): v1 trailers, v2 signature blocks, the appended hash. */
import { crc32 } from 'node:zlib';
import { header, printable } from '../../../codecs/formats/fields.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { ecKey, type PublicKey, rsaKey } from '../../../codecs/signatures/public-key.ts';
import { attribute, type Claim, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';

const SECTOR = 4096;
const BLOCK = 1216;
const MOST_BLOCKS = 3;

/** Where the segments end (checksum included), and whether a SHA-256 follows; nothing when it is no image. */
function segmentsEnd(artefact: Blob): { readonly end: number; readonly hashed: boolean } | undefined {
  const head = header(artefact, 0, 24);
  if (head === undefined || !isHead(head)) return undefined;
  const count = head[1] ?? 0;
  let at = 24;
  for (let index = 0; index < count; index++) {
    const size = header(artefact, at, 8)?.readUInt32LE(4);
    if (size === undefined || size > 16 * 2 ** 20 || size % 4 !== 0) return undefined;
    at += 8 + size;
    if (at > artefact.size) return undefined;
  }
  return { end: Math.ceil((at + 1) / 16) * 16, hashed: head[23] === 1 };
}

const isHead = ([magic, count = 0, mode = 9, ...rest]: Buffer): boolean =>
  magic === 0xe9 && count > 0 && count <= 16 && mode <= 5 && (rest[20] ?? 9) <= 1;

export const esp: Verifier = {
  id: 'boot/esp',
  title: 'Espressif application image',
  recognise: (artefact) => segmentsEnd(artefact) !== undefined,
  async verify(artefact, context) {
    const segments = segmentsEnd(artefact);
    const { size } = artefact;
    const base = { ...blankVerdict(esp, 'esp'), updateByNature: false, ...described(artefact) };
    if (segments === undefined) return base;
    const second = await blocksOf(artefact, context);
    const first = second.signatures.length === 0 ? await trailerOf(artefact, segments, context) : undefined;
    const signatures = first === undefined ? second.signatures : [first];
    const end = first !== undefined ? size - 68 : second.signatures.length > 0 ? size - SECTOR : size;
    const payload = [{ start: 0, end, what: 'image' }];
    const signed = signatures.length > 0;
    return {
      ...base,
      format: signed ? (first === undefined ? 'esp-secure-boot-v2' : 'esp-secure-boot-v1') : 'esp',
      signed,
      signatures,
      ...account(size, payload, signed ? payload : []),
      integrity: await hashOf(artefact, segments),
      broken: signed ? second.broken : [],
    };
  },
};

async function hashOf(artefact: Blob, segments: { end: number; hashed: boolean }): Promise<UpdateVerdict['integrity']> {
  const stated = segments.hashed ? header(artefact, segments.end, 32) : undefined;
  if (stated === undefined) return [];
  const digest = await messageOf(artefact, [{ start: 0, end: segments.end }]).digest('sha256');
  return [{ algorithm: 'SHA-256', over: 'image', holds: digest.equals(stated) }];
}

/** The description of an application: its name, version and the counter against rollback (`esp_app_desc_t`). */
function described(artefact: Blob): Pick<UpdateVerdict, 'version' | 'rollback'> {
  const app = header(artefact, 32, 80);
  if (app?.readUInt32LE(0) !== 0xabcd5432) return {};
  const counter = app.readUInt32LE(4);
  const version = printable(app.subarray(16, 48));
  return {
    ...(version === undefined ? {} : { version }),
    rollback: { protected: counter > 0, value: String(counter) },
  };
}

/** Up to three blocks in the last sector; the device takes the image when one of its keys signed one. */
async function blocksOf(
  artefact: Blob,
  context: VerifyContext,
): Promise<{ readonly signatures: readonly Signed[]; readonly broken: readonly string[] }> {
  const start = artefact.size - SECTOR;
  if (start <= 0 || artefact.size % SECTOR !== 0) return { signatures: [], broken: [] };
  const signatures: Signed[] = [];
  const broken: string[] = [];
  const message = messageOf(artefact, [{ start: 0, end: start }]);
  for (const block of signatureBlocks(artefact, start)) {
    if (crc32(block.subarray(0, 1196)) !== block.readUInt32LE(1196)) {
      const told = 'the checksum of the signature block does not hold';
      signatures.push({ algorithm: 'Secure Boot', outcome: 'broken', message: told });
      continue;
    }
    const hash = block[1] === 3 && isWide(block) ? 'sha384' : 'sha256';
    const stated = block.subarray(4, hash === 'sha384' ? 52 : 36);
    if (!(await message.digest(hash, context.signal)).equals(stated))
      broken.push('the image is not the one that was signed');
    signatures.push(await orBroken('Secure Boot', () => attribute(context, { ...claimOf(block), message })));
  }
  return { signatures, broken };
}

function* signatureBlocks(artefact: Blob, start: number): Generator<Buffer> {
  for (let index = 0; index < MOST_BLOCKS; index++) {
    const block = header(artefact, start + index * BLOCK, BLOCK);
    if (block?.[0] !== 0xe7 || (block[1] !== 2 && block[1] !== 3)) return;
    yield block;
  }
}

const claimOf = (block: Buffer): Omit<Claim, 'message'> => (block[1] === 2 ? rsaClaim(block) : ecClaim(block));
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const reversed = (bytes: Uint8Array): Buffer => Buffer.from(bytes).reverse();

/** Modulus, exponent, two helpers of the hardware, signature: little-endian. */
function rsaClaim(block: Buffer): Omit<Claim, 'message'> {
  const embedded: PublicKey = rsaKey(reversed(block.subarray(36, 420)), reversed(block.subarray(420, 424)));
  return {
    scheme: { algorithm: 'RSASSA-PSS', hash: 'sha256', saltLength: 32 },
    signature: reversed(block.subarray(812, 1196)),
    embedded,
  };
}

/** P-384 blocks hold a digest of 48 bytes before the curve's number, and more behind it than P-256 has. */
const isWide = (block: Buffer): boolean => block[52] === 3 && !isZero(block.subarray(165, 245));

const CURVES: { readonly [id: number]: readonly [string, number] } = {
  1: ['prime192v1', 24],
  2: ['prime256v1', 32],
};

function ecClaim(block: Buffer): Omit<Claim, 'message'> {
  const wide = isWide(block);
  const at = wide ? 53 : 37;
  const [curve, width] = wide ? (['secp384r1', 48] as const) : (CURVES[block[36] ?? 0] ?? ['unknown', 32]);
  const part = (index: number): Buffer => reversed(block.subarray(at + index * width, at + (index + 1) * width));
  return {
    scheme: { algorithm: 'ECDSA', hash: wide ? 'sha384' : 'sha256', encoding: 'raw' },
    signature: Buffer.concat([part(2), part(3)]),
    embedded: ecKey(curve, part(0), part(1)),
  };
}

/** Version 1: a zero word and an ECDSA P-256 signature behind the image. */
async function trailerOf(
  artefact: Blob,
  segments: { readonly end: number; readonly hashed: boolean },
  context: VerifyContext,
): Promise<Signed | undefined> {
  const start = artefact.size - 68;
  const behind = segments.end + (segments.hashed ? 32 : 0);
  const trailer = start >= behind ? header(artefact, start, 68) : undefined;
  if (trailer === undefined || trailer.readUInt32LE(0) !== 0 || isZero(trailer.subarray(4))) return undefined;
  if (start !== behind && start % 32 !== 0 && start % SECTOR !== SECTOR - 68) return undefined;
  if (trailer.subarray(4).every((byte) => byte === 0xff)) return undefined;
  return attribute(context, {
    scheme: { algorithm: 'ECDSA', hash: 'sha256', encoding: 'raw' },
    message: messageOf(artefact, [{ start: 0, end: start }]),
    signature: trailer.subarray(4),
  });
}
