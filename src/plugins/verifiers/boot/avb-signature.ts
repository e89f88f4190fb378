/** The signature of AVB metadata: header and auxiliary block, by the key that the latter holds. */
import { HEAD, type Meta, part } from '../../../codecs/formats/avb.ts';
import { avbKey } from '../../../codecs/signatures/avb-key.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { attribute, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import type { VerifyContext } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

/** Digest and key bits by algorithm number. */
const ALGORITHMS: readonly (readonly [string, number] | undefined)[] = [
  undefined,
  ['sha256', 2048],
  ['sha256', 4096],
  ['sha256', 8192],
  ['sha512', 2048],
  ['sha512', 4096],
  ['sha512', 8192],
];

interface Seen {
  readonly signature: Signed;
  readonly read: readonly Range[];
  readonly broken: readonly string[];
}

/** Header and auxiliary block are signed; the authentication block holds their digest and the signature. */
export async function signatureOf(artefact: Blob, meta: Meta, context: VerifyContext): Promise<Seen | undefined> {
  const number = meta.head.readUInt32BE(28);
  if (number === 0) return undefined;
  const known = ALGORITHMS[number];
  if (known === undefined) throw new FaultError('unsupported', `AVB algorithm ${number}`);
  const [hash, bits] = known;
  const message = messageOf(artefact, [
    { start: meta.at, end: meta.at + HEAD },
    { start: meta.auxiliaryStart, end: meta.end },
  ]);
  const stated = part(meta.authentication, meta.head, 32, 40);
  const digest = await message.digest(hash, context.signal);
  const signature = await orBroken('RSASSA-PKCS1-v1_5', async () =>
    attribute(context, {
      scheme: { algorithm: 'RSASSA-PKCS1-v1_5', hash },
      message,
      signature: part(meta.authentication, meta.head, 48, 56),
      embedded: avbKey(part(meta.auxiliary, meta.head, 64, 72), bits),
    }),
  );
  return {
    signature,
    read: message.read,
    broken: digest.equals(stated) ? [] : ['vbmeta does not have the digest that it states'],
  };
}
