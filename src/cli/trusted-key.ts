/** A key file of the user → a trusted key: what kind it is is found out from its bytes. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readCrl } from '../codecs/formats/crl.ts';
import { childOf, fdtHeader, fdtTree, stringOf } from '../codecs/formats/fdt.ts';
import { pemBlocks } from '../codecs/formats/pem.ts';
import { controlKeys } from '../codecs/signatures/key-material.ts';
import type { TrustedKey } from '../core/model/verifier.ts';
import { memoryBlob } from '../lib/blob.ts';
import { FaultError, UsageError } from '../lib/fault.ts';
import { readWhole } from '../lib/whole-file.ts';

/** Bytes of a file with keys or certificates. */
export const KEY_FILE = 1 << 20;

/** Reads a public key or certificate. `kind` spares the guess. Throws UsageError for what is neither, and for private keys. */
export function readTrustedKey(path: string, name = path, kind?: TrustedKey['kind']): TrustedKey {
  const bytes = readWhole(path, KEY_FILE);
  if (bytes.length === 0) throw new UsageError(`${path}: the key file is empty`);
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('PRIVATE KEY-----'))
    throw new UsageError(`${path}: this is a private key`, 'give the public key or the certificate');
  if (kind !== undefined && kind !== 'spki' && kind !== 'certificate') return { name, kind, bytes };
  return asText(name, bytes, text) ?? asDer(name, bytes, path) ?? fail(path);
}

/** All that a key file holds: a PEM file may be a bundle of certificates, as authorities are handed out. */
export function readTrustedKeys(path: string, name = path): readonly TrustedKey[] {
  const bytes = readWhole(path, KEY_FILE);
  const control = fdtHeader(memoryBlob(bytes), 0) === undefined ? undefined : controlTreeKeys(path, name, bytes);
  if (control !== undefined) return control;
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = text.split(/(?=-----BEGIN )/).filter((block) => /^-----BEGIN (CERTIFICATE|X509 CRL)-----/.test(block));
  if (blocks.length < 2 || blocks.length > 256) return [readTrustedKey(path, name)];
  return blocks.map((block, index) => {
    const own = `${name}#${index + 1}`;
    return block.startsWith('-----BEGIN X509 CRL')
      ? listIn(own, block, path)
      : (asDer(own, Buffer.from(block), path) ?? fail(path));
  });
}

/** Certificates that an authority has revoked since, as keyrings of RAUC hold them. */
function listIn(name: string, block: string, path: string): TrustedKey {
  const [first] = pemBlocks(Buffer.from(block));
  try {
    readCrl(first?.der ?? Buffer.alloc(0));
  } catch (error) {
    if (error instanceof FaultError) throw new UsageError(`${path}: ${error.fault.message}`);
    throw error;
  }
  return { name, kind: 'crl', bytes: new Uint8Array(first?.der ?? Buffer.alloc(0)) };
}

/** U-Boot's control device tree (`u-boot.dtb`): each key of its node `signature`, with what it demands. */
function controlTreeKeys(path: string, name: string, bytes: Uint8Array): readonly TrustedKey[] {
  try {
    const signature = childOf(fdtTree(memoryBlob(bytes), 0), 'signature');
    const keys = signature === undefined ? [] : controlKeys(signature);
    const each = stringOf(signature, 'required-mode') !== 'any';
    if (keys.length === 0) throw new UsageError(`${path}: a device tree without keys in /signature`);
    return keys.map(({ name: node, key, required }) => ({
      name: `${name}#${node}`,
      kind: 'spki',
      bytes: new Uint8Array(key.spki),
      ...(required === 'conf' || required === 'image' ? { demand: { of: required, each } } : {}),
    }));
  } catch (error) {
    if (error instanceof FaultError) throw new UsageError(`${path}: ${error.fault.message}`);
    throw error;
  }
}

const fail = (path: string): never => {
  throw new UsageError(
    `${path}: no public key and no certificate that assay knows`,
    'PEM or DER (key or certificate), OpenPGP, minisign, signify, SSH, a control device tree of U-Boot',
  );
};

function asText(name: string, bytes: Uint8Array, text: string): TrustedKey | undefined {
  if (text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) return { name, kind: 'openpgp', bytes };
  if (/^(ssh-|ecdsa-|sk-)[a-z0-9@.-]{3,60} /.test(text)) return { name, kind: 'ssh', bytes };
  if (text.startsWith('untrusted comment:'))
    return { name, kind: /^untrusted comment:.{0,20}minisign/i.test(text) ? 'minisign' : 'signify', bytes };
  if (/^RW[A-Za-z0-9+/]{40,60}={0,2}\s*$/.test(text)) return { name, kind: 'minisign', bytes };
  return undefined;
}

function asDer(name: string, bytes: Uint8Array, path: string): TrustedKey | undefined {
  const certificate = attempt(() => new X509Certificate(bytes));
  if (certificate !== undefined) return { name, kind: 'certificate', bytes: new Uint8Array(certificate.raw) };
  const pem = Buffer.from(bytes).toString('latin1').includes('-----BEGIN');
  const key = attempt(() =>
    createPublicKey(pem ? Buffer.from(bytes) : { key: Buffer.from(bytes), format: 'der', type: 'spki' }),
  );
  if (key !== undefined)
    return { name, kind: 'spki', bytes: new Uint8Array(key.export({ format: 'der', type: 'spki' })) };
  if (pem) throw new UsageError(`${path}: the PEM in it is broken, or of a kind that assay does not know`);
  // The old head of a public key packet with a length of one or two bytes, and the new one.
  return bytes[0] === 0x98 || bytes[0] === 0x99 || bytes[0] === 0xc6 ? { name, kind: 'openpgp', bytes } : undefined;
}

/** What Node's parsers throw on foreign bytes only says that it is something else. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
