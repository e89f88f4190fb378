/** SSH's wire form of keys (RFC 4253 §6.6, RFC 5656, RFC 8709) as it lies in files: OpenSSH's, Dropbear's, PuTTY's. */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** Reads length-prefixed fields; a length beyond the end gives undefined and ends the reading. */
export class SshFields {
  readonly #bytes: Buffer;
  #at: number;
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
  }
  field(): Buffer | undefined {
    const length = this.number();
    if (length === undefined || length > 1 << 16 || this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  text(): string | undefined {
    return this.field()?.toString('latin1');
  }
  number(): number | undefined {
    if (this.#at + 4 > this.#bytes.length) return undefined;
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const unsigned = (bytes: Buffer): Buffer => (bytes[0] === 0 ? bytes.subarray(1) : bytes);
const CURVES: { readonly [name: string]: string } = { nistp256: 'P-256', nistp384: 'P-384', nistp521: 'P-521' };

/** The public key of a blob; undefined for kinds that have no SPKI here (DSA, certificates, hardware keys) and for noise. */
export function publicKeyOf(blob: Uint8Array): KeyObject | undefined {
  const fields = new SshFields(blob);
  const type = fields.text() ?? '';
  try {
    if (type === 'ssh-rsa') {
      const [e, n] = [fields.field(), fields.field()];
      if (e === undefined || n === undefined || n.length < 33) return undefined;
      const key = { kty: 'RSA', e: base64url(unsigned(e)), n: base64url(unsigned(n)) };
      return createPublicKey({ key, format: 'jwk' });
    }
    if (type.startsWith('ecdsa-sha2-')) {
      const [curve = '', point] = [fields.text(), fields.field()];
      if (point === undefined || point[0] !== 4) return undefined;
      const half = (point.length - 1) / 2;
      const [x, y] = [point.subarray(1, 1 + half), point.subarray(1 + half)];
      const key = { kty: 'EC', crv: CURVES[curve] ?? '', x: base64url(x), y: base64url(y) };
      return createPublicKey({ key, format: 'jwk' });
    }
    if (type === 'ssh-ed25519') {
      const point = fields.field();
      if (point?.length !== 32) return undefined;
      return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(point) }, format: 'jwk' });
    }
  } catch {
    return undefined;
  }
  return undefined;
}
