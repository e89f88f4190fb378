/** Signs as `ssh-keygen -Y sign` does, written from OpenSSH's PROTOCOL.sshsig; what it makes OpenSSH takes (tests/lab). */
import { createHash, sign } from 'node:crypto';
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import type { Pair } from './signers.ts';

const field = (value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export interface SshOptions {
  readonly space?: string;
  readonly hash?: string;
  /** In place of the signature's bytes. */
  readonly forged?: Uint8Array;
}

const keyBlob = ({ spki }: Pair): Buffer => Buffer.concat([field('ssh-ed25519'), field(spki.subarray(-32))]);

export const sshPublic = (pair: Pair): TrustedKey => ({
  name: 'release.pub',
  kind: 'ssh',
  bytes: new Uint8Array(Buffer.from(`ssh-ed25519 ${keyBlob(pair).toString('base64')} release\n`)),
});

/** With an Ed25519 key. */
export function sshSigned(content: Uint8Array, pair: Pair, options: SshOptions = {}): Buffer {
  const { space = 'file', hash = 'sha512' } = options;
  const digest = createHash(hash).update(content).digest();
  const message = Buffer.concat([Buffer.from('SSHSIG'), ...[space, '', hash].map(field), field(digest)]);
  const signature = options.forged ?? sign(null, message, pair.secret);
  const version = Buffer.from([0, 0, 0, 1]);
  const inner = Buffer.concat([field('ssh-ed25519'), field(signature)]);
  const blob = Buffer.concat([
    Buffer.from('SSHSIG'),
    version,
    field(keyBlob(pair)),
    ...[space, '', hash].map(field),
    field(inner),
  ]);
  const text = blob.toString('base64').replace(/.{70}/g, '$&\n').trimEnd();
  return Buffer.from(`-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----\n`);
}
