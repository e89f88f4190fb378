/** Signatures of `ssh-keygen -Y sign` (OpenSSH, PROTOCOL.sshsig): armoured, over a digest within a name space. */
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { pemBlocks } from '../formats/pem.ts';
import { publicKeyOf, SshFields } from '../formats/ssh-blob.ts';
import type { Scheme } from './check.ts';
import { type Message, messageOf } from './message.ts';
import { type PublicKey, publicKey } from './public-key.ts';
import { attribute, type GivenKey, type NamedKey, type Signed, type Trust } from './trust.ts';

const MAGIC = Buffer.from('SSHSIG');

export const isSshSignature = (text: string): boolean => text.startsWith('-----BEGIN SSH SIGNATURE-----');

const inMemory = (bytes: Uint8Array): Message => messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);
const field = (value: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
};

/** The verdict on one signature file. Throws FaultError. */
export async function sshSignature(trust: Trust, bytes: Uint8Array, content: Message): Promise<Signed> {
  const blob = Buffer.from(pemBlocks(bytes)[0]?.der ?? []);
  if (!blob.subarray(0, 6).equals(MAGIC)) throw new FaultError('malformed', 'no signature of SSH');
  const fields = new SshFields(blob, 6);
  const version = fields.number();
  if (version !== 1) throw new FaultError('unsupported', `version ${version} of SSH signatures`);
  const [key, space, reserved, hash, signature] = [1, 2, 3, 4, 5].map(() => fields.field());
  if (key === undefined || !space?.length || reserved === undefined || hash === undefined || signature === undefined)
    throw new FaultError('malformed', 'the signature breaks off');
  if (fields.number() !== undefined) throw new FaultError('malformed', 'bytes behind the signature');
  const name = hash.toString('latin1');
  if (name !== 'sha256' && name !== 'sha512') throw new FaultError('unsupported', `the digest ${name}`);
  const embedded = keyOf(key);
  const digest = await content.digest(name, trust.signal);
  const message = inMemory(Buffer.concat([MAGIC, ...[space, reserved, hash, digest].map(field)]));
  const given = trust.keys.flatMap(sshKey);
  const found = await attribute(trust, { ...schemeOf(signature, embedded), message, embedded, given });
  return { ...found, message: `${found.message}; name space ${JSON.stringify(space.toString('utf8')).slice(0, 60)}` };
}

function keyOf(blob: Uint8Array): PublicKey {
  const key = publicKeyOf(blob);
  if (key === undefined)
    throw new FaultError('unsupported', 'a key of SSH that is kept in hardware, or of another kind');
  return publicKey(key.export({ format: 'der', type: 'spki' }));
}

/** A line of a `.pub` file. */
function sshKey({ name, kind, bytes }: GivenKey): readonly NamedKey[] {
  if (kind !== 'ssh') return [];
  const blob = Buffer.from(Buffer.from(bytes).toString('latin1').split(' ')[1] ?? '', 'base64');
  const key = publicKeyOf(blob);
  return key === undefined ? [] : [{ name, key: publicKey(key.export({ format: 'der', type: 'spki' })) }];
}

const ECDSA: { readonly [type: string]: string } = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** RFC 8332, RFC 5656, RFC 8709; RSA over SHA-1 is not taken, as OpenSSH does not. */
function schemeOf(signature: Buffer, { bits }: PublicKey): { readonly scheme: Scheme; readonly signature: Uint8Array } {
  const fields = new SshFields(signature);
  const [type = '', bytes] = [fields.text(), fields.field()];
  if (bytes === undefined || fields.number() !== undefined)
    throw new FaultError('malformed', 'the signature breaks off');
  if (type === 'ssh-ed25519') return { scheme: { algorithm: 'Ed25519', hash: 'sha512' }, signature: bytes };
  if (type === 'rsa-sha2-256' || type === 'rsa-sha2-512')
    return {
      scheme: { algorithm: 'RSASSA-PKCS1-v1_5', hash: type.endsWith('256') ? 'sha256' : 'sha512' },
      signature: bytes,
    };
  const hash = ECDSA[type];
  if (hash === undefined)
    throw new FaultError('unsupported', `signatures of the kind ${JSON.stringify(type).slice(0, 40)}`);
  const width = Math.ceil(bits / 8);
  const numbers = new SshFields(bytes);
  const both = [numbers.field(), numbers.field()].map((number) => wide(number, width));
  if (numbers.number() !== undefined) throw new FaultError('malformed', 'bytes behind r and s');
  return { scheme: { algorithm: 'ECDSA', hash, encoding: 'raw' }, signature: Buffer.concat(both) };
}

function wide(number: Buffer | undefined, width: number): Buffer {
  const short = number?.[0] === 0 ? number.subarray(1) : number;
  if (short === undefined || short.length > width)
    throw new FaultError('malformed', 'r or s is no number of the curve');
  return Buffer.concat([Buffer.alloc(width - short.length), short]);
}
