/** Signatures of signify, usign and minisign, held against key files of theirs. */
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { edFileOf } from '../formats/ed25519-files.ts';
import { check } from './check.ts';
import { type Message, messageOf } from './message.ts';
import { ed25519Key } from './public-key.ts';
import { attribute, type NamedKey, type Signed, type Trust } from './trust.ts';

const inMemory = (bytes: Uint8Array): Message => messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);

/** The verdict on one signature file beside, or inside, an artefact. */
export async function edSignature(trust: Trust, text: string, content: Message): Promise<Signed> {
  const file = edFileOf(text, 64);
  if (file.algorithm !== 'Ed' && file.algorithm !== 'ED')
    throw new FaultError('unsupported', `the algorithm ${JSON.stringify(file.algorithm)}`);
  const keys = numbered(trust);
  const given: NamedKey[] = keys.map(({ name, raw }) => ({ name, key: ed25519Key(raw) }));
  const number = keys.find((key) => key.number === file.number);
  // Ed25519 of old takes the message whole; minisign hashes it first since 2020.
  const message = file.algorithm === 'ED' ? inMemory(await content.digest('blake2b512', trust.signal)) : content;
  const found = await attribute(trust, {
    scheme: { algorithm: 'Ed25519', hash: 'sha512' },
    message,
    signature: file.bytes,
    given,
    ...(number === undefined ? {} : { names: (key) => key.fingerprint === ed25519Key(number.raw).fingerprint }),
  });
  if (found.outcome !== 'verified') return found;
  if (file.trusted === undefined) {
    const minisign = file.algorithm === 'ED' || keys.find(({ name }) => name === found.verifiedBy)?.kind === 'minisign';
    return minisign
      ? { ...found, outcome: 'broken', message: 'minisign signs a trusted comment too: there is none' }
      : found;
  }
  const key = given.find(({ name }) => name === found.verifiedBy)?.key;
  const bound = inMemory(Buffer.concat([file.bytes, Buffer.from(file.trusted.comment)]));
  const scheme = { algorithm: 'Ed25519', hash: 'sha512' } as const;
  const comment = key === undefined ? undefined : await check(scheme, key, bound, file.trusted.signature);
  return comment === undefined || comment.outcome === 'good'
    ? found
    : { ...found, outcome: 'broken', message: 'the trusted comment is not the one that was signed' };
}

interface Numbered {
  readonly name: string;
  readonly kind: string;
  readonly raw: Buffer;
  readonly number: string;
}

function numbered(trust: Trust): readonly Numbered[] {
  return trust.keys
    .filter(({ kind }) => kind === 'signify' || kind === 'minisign')
    .map(({ name, kind, bytes }) => {
      const { bytes: raw, number } = edFileOf(Buffer.from(bytes).toString('latin1'), 32);
      return { name, kind, raw, number };
    });
}
