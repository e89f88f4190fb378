/** A folder in which the real tools make and judge artefacts, and assay's verdict on what lies there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readTrustedKeys } from '../../src/cli/trusted-key.ts';
import { type VerifyCode, verifyCode } from '../../src/core/updates/exit.ts';
import { verifyArtefact } from '../../src/core/updates/verify.ts';
import { openBlob } from '../../src/lib/blob.ts';
import * as verifiers from '../../src/plugins/verifiers/index.ts';

export const has = (...tools: readonly string[]): boolean =>
  tools.every((tool) => spawnSync('which', [tool]).status === 0);

export interface Workshop {
  readonly folder: string;
  /** Where it lies; a whole path is itself. */
  at(name: string): string;
  read(name: string): Buffer;
  write(name: string, content: Uint8Array | string): void;
  /** A file of `fixtures/updates` under a name of its own. */
  take(fixture: string, name: string): void;
  /** Runs a script of bash that must not fail. */
  sh(script: string): void;
  /** Whether a program ends well. */
  does(program: string, ...words: readonly string[]): boolean;
  /** Whether a script of bash ends well. */
  runs(script: string): boolean;
  /** What `verify-update NAME --key KEY` ends with. */
  ours(name: string, key: string): Promise<VerifyCode>;
  close(): void;
}

export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'assay-workshop-'));
  const at = (name: string): string => resolve(folder, name);
  // SWUpdate clears its folder for temporary files.
  mkdirSync(at('tmp'));
  const env = { ...process.env, TMPDIR: at('tmp'), GNUPGHOME: folder };
  const options = { cwd: folder, timeout: 120_000, env };
  return {
    folder,
    at,
    read: (name) => readFileSync(at(name)),
    write: (name, content) => writeFileSync(at(name), content),
    take: (fixture, name) => copyFileSync(resolve('fixtures/updates', fixture), at(name)),
    sh: (script) => {
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', script], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    },
    does: (program, ...words) => spawnSync(program, words, { ...options, stdio: 'ignore' }).status === 0,
    runs: (script) => spawnSync('bash', ['-o', 'pipefail', '-c', script], { ...options, stdio: 'ignore' }).status === 0,
    async ours(name, key) {
      const blob = openBlob(at(name));
      try {
        const settings = { keys: readTrustedKeys(at(key)), now: new Date().toISOString() };
        return verifyCode(await verifyArtefact(Object.values(verifiers), blob, at(name), { settings, sampleKeys: {} }));
      } finally {
        blob.close();
      }
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** A certificate `ca`, issued by it `release` and `expired`, and `other` by itself; each with its key, and public keys as `.pub`. */
export const AUTHORITIES = `
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority -addext keyUsage=critical,keyCertSign
  openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 30 -subj /CN=stranger -addext keyUsage=digitalSignature
  openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 30 -subj /CN=maker -addext keyUsage=digitalSignature
  printf 'keyUsage=digitalSignature\\nextendedKeyUsage=emailProtection,codeSigning\\n' > sign
  for who in release expired; do openssl req -newkey rsa:2048 -nodes -keyout $who.key -out $who.csr -subj /CN=$who; done
  openssl x509 -req -in release.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile sign -out release.pem
  openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 0 -extfile sign -out expired.pem
  for who in release other; do openssl x509 -in $who.pem -pubkey -noout > $who.pub; done
  openssl ecparam -name prime256v1 -genkey -noout -out ec.key; openssl ec -in ec.key -pubout -out ec.pub
  openssl ecparam -name prime256v1 -genkey -noout -out ec2.key; openssl ec -in ec2.key -pubout -out ec2.pub
  openssl genpkey -algorithm ed25519 -out ed.key; openssl pkey -in ed.key -pubout -out ed.pub
  openssl genpkey -algorithm ed25519 -out ed2.key; openssl pkey -in ed2.key -pubout -out ed2.pub
  head -c 5000 /dev/urandom > fw.bin; sleep 1`;
