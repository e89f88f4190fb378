/** Makes package indices, `Release` files and OpenPGP signatures over them. */
import { createHash } from 'node:crypto';
import * as openpgp from 'openpgp';
import type { TrustedKey } from '../../src/core/model/verifier.ts';

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const indexOf = (packages: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Buffer =>
  Buffer.from(
    packages
      .map(
        ({ name, bytes }) =>
          `Package: ${name}\nVersion: 1.0-r1\nArchitecture: all\nFilename: ${name}.ipk\nSize: ${bytes.length}\nSHA256sum: ${sha(bytes)}\nDescription: x\n\n`,
      )
      .join(''),
  );

export const releaseOf = (files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Buffer =>
  Buffer.from(
    `Origin: Fixture\nSuite: stable\nCodename: fixture\nDate: Mon, 01 Jun 2026 00:00:00 UTC\nComponents: main\nSHA256:\n${files
      .map(({ path, bytes }) => ` ${sha(bytes)} ${bytes.length} ${path}\n`)
      .join('')}`,
  );

export interface PgpSigner {
  readonly trusted: TrustedKey;
  cleartext(text: Buffer): Promise<string>;
  detached(bytes: Uint8Array): Promise<string>;
}

/** `days`: how long the key lasts. */
export async function pgpSigner(days?: number): Promise<PgpSigner> {
  const date = new Date('2026-01-01T00:00:00Z');
  const { privateKey, publicKey } = await openpgp.generateKey({
    userIDs: [{ name: 'fixture', email: 'fixture@example.org' }],
    date,
    ...(days === undefined ? {} : { keyExpirationTime: days * 86_400 }),
    format: 'object',
  });
  return {
    trusted: { name: 'release.asc', kind: 'openpgp', bytes: new Uint8Array(Buffer.from(publicKey.armor())) },
    cleartext: async (text) =>
      openpgp.sign({
        message: await openpgp.createCleartextMessage({ text: text.toString('latin1').replace(/\n$/, '') }),
        signingKeys: privateKey,
        date,
      }),
    detached: async (bytes) =>
      openpgp.sign({
        message: await openpgp.createMessage({ binary: bytes }),
        signingKeys: privateKey,
        detached: true,
        date,
      }),
  };
}
