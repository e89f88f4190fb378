/**
 * Spares runs of the fuzzer the same work: most mutations leave certificates and keys as they were, and OpenSSL takes longer to parse them than
 * assay to judge the rest. What is asked with other bytes is parsed anew, so that verdicts are the same as without.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const MOST = 512;

/** The last results of `make` by key; what it throws is not kept. */
function kept(keyOf, make) {
  const known = new Map();
  return (...given) => {
    const key = keyOf(...given);
    if (key === undefined) return make(...given);
    if (!known.has(key)) {
      if (known.size >= MOST) known.clear();
      known.set(key, make(...given));
    }
    return known.get(key);
  };
}

const textOf = (bytes) => (ArrayBuffer.isView(bytes) ? Buffer.from(bytes).toString('latin1') : String(bytes));

/** Files that lie in `folder` are known by heart: most questions are for signatures beside an artefact, and most are answered by no. */
export function knowsFolder(folder, present) {
  const { existsSync } = fs;
  fs.existsSync = (path) => (String(path).startsWith(folder) ? present.has(path) : existsSync(path));
  syncBuiltinESMExports();
}

/** Before anything imports what is tested. */
export function sparesParsing() {
  // Faults are thrown by the thousand, and nobody reads where.
  Error.stackTraceLimit = 2;
  const { X509Certificate, createPublicKey } = crypto;
  const certificate = kept(textOf, (bytes) => new X509Certificate(bytes));
  crypto.X509Certificate = function Kept(bytes) {
    return certificate(bytes);
  };
  crypto.createPublicKey = kept(
    ({ key, format, type }) => (ArrayBuffer.isView(key) ? `${format} ${type} ${textOf(key)}` : undefined),
    createPublicKey,
  );
  const prototype = Object.getPrototypeOf(crypto.createPublicKey({ key: SOME, format: 'der', type: 'spki' }));
  const exported = new WeakMap();
  const { export: toBytes } = prototype;
  prototype.export = function keptExport(options) {
    if (options?.format !== 'der' || options.type !== 'spki') return toBytes.call(this, options);
    if (!exported.has(this)) exported.set(this, toBytes.call(this, options));
    return Buffer.from(exported.get(this));
  };
  syncBuiltinESMExports();
}

/** The base point of Ed25519: any key will do, since only its class is asked for. */
const SOME = Buffer.from(`302a300506032b6570032100${'58'.padEnd(64, '6')}`, 'hex');
