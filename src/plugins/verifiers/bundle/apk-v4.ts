/** Scheme 4 of Android packages (AOSP, "APK Signature Scheme v4"): an `.idsig` file beside the package, over its hash tree and content digest. */
import { certificateOf } from '../../../codecs/formats/cms.ts';
import { verityOf } from '../../../codecs/formats/dm-verity.ts';
import { certificateSeen, oneLine } from '../../../codecs/signatures/cms.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { keyOfCertificate, publicKey } from '../../../codecs/signatures/public-key.ts';
import { attribute, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import type { VerifyContext } from '../../../core/model/verifier.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { type Fault, FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';
import { ALGORITHMS } from './apk-algorithms.ts';

const SHA256 = 1;
/** Blocks of 4096 bytes. */
const LOG2_BLOCK = 12;
const MOST = 64 << 20;

export interface FourthScheme {
  readonly signature: Signed;
  readonly read: readonly Range[];
  /** It cannot be told what a device makes of it. */
  readonly faults: readonly Fault[];
}

/** Little-endian numbers and counted bytes; throws at the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }
  take(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw new FaultError('truncated', 'the file of scheme 4 breaks off');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
  number(): number {
    return this.take(4).readUInt32LE(0);
  }
  counted(): Buffer {
    return this.take(this.number());
  }
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/** The file beside the package; `digests` are the content digests that the other schemes signed. */
export async function fourthScheme(
  artefact: Blob,
  digests: readonly Buffer[],
  context: VerifyContext,
): Promise<FourthScheme | undefined> {
  const blob = context.companion('.idsig');
  if (blob === undefined) return undefined;
  let read: readonly Range[] = [];
  const faults: Fault[] = [];
  const signature = await orBroken('APK scheme 4', async () => {
    if (blob.size > MOST) throw new FaultError('over-budget', `an idsig of ${blob.size} bytes`);
    const claim = await claimOf(new Reader(blob.read(0, blob.size)), artefact, digests, context).catch((error) => {
      if (error instanceof FaultError && error.fault.kind === 'unsupported') faults.push(error.fault);
      throw error;
    });
    if (claim.outcome !== 'broken') read = [{ start: 0, end: artefact.size }];
    return claim;
  });
  return { signature: { ...signature, message: `scheme 4: ${signature.message}` }, read, faults };
}

async function claimOf(
  file: Reader,
  artefact: Blob,
  digests: readonly Buffer[],
  context: VerifyContext,
): Promise<Signed> {
  const version = file.number();
  if (version !== 2) throw new FaultError('unsupported', `version ${version} of scheme 4`);
  const hashing = file.counted();
  const signing = new Reader(file.counted());
  const tree = file.done ? undefined : file.counted();
  const info = new Reader(hashing);
  const [algorithm, block, salt, root] = [info.number(), info.take(1)[0], info.counted(), info.counted()];
  if (algorithm !== SHA256 || block !== LOG2_BLOCK) throw new FaultError('unsupported', 'a hash tree of another kind');
  const [digest, certificate, more, key] = [1, 2, 3, 4].map(() => signing.counted()) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const number = signing.number();
  const signature = signing.counted();
  const scheme = ALGORITHMS.get(number);
  if (scheme === undefined) throw new FaultError('unsupported', `the algorithm ${number}`);
  const seen = certificateOf(certificate);
  const embedded = publicKey(key);
  const base = {
    algorithm: scheme.algorithm,
    signer: oneLine(seen.subject),
    certificate: certificateSeen(seen, context.now),
  };
  const broken = (message: string): Signed => ({ ...base, outcome: 'broken', message });
  if (keyOfCertificate(seen).fingerprint !== embedded.fingerprint) return broken('the certificate is of another key');
  const made = await verityOf(artefact, salt, context);
  if (!made.root.equals(root)) return broken('the package is not the one whose hash tree was signed');
  if (tree !== undefined && !tree.equals(made.tree)) return broken('the hash tree is not that of the package');
  if (!digests.some((one) => one.equals(digest))) return broken('it speaks of other signatures than the package has');
  const message = signedData(artefact.size, { salt, root, digest, certificate, more });
  return { ...base, ...(await attribute(context, { scheme, message, signature, embedded })) };
}

/** Size, the package's, algorithm, blocks, then counted: salt, root, digest, certificate, and what else the signer says. */
function signedData(size: number, parts: { readonly [part: string]: Buffer }): ReturnType<typeof messageOf> {
  const { salt = Buffer.alloc(0), root = Buffer.alloc(0), digest = Buffer.alloc(0) } = parts;
  const { certificate = Buffer.alloc(0), more = Buffer.alloc(0) } = parts;
  const counted = [salt, root, digest, certificate, more].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    return Buffer.concat([length, part]);
  });
  const head = Buffer.alloc(17);
  const total = head.length + counted.reduce((sum, { length }) => sum + length, 0);
  head.writeUInt32LE(total, 0);
  head.writeBigUInt64LE(BigInt(size), 4);
  head.writeUInt32LE(SHA256, 12);
  head[16] = LOG2_BLOCK;
  const bytes = Buffer.concat([head, ...counted]);
  return messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);
}
