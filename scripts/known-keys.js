/** Makes baselines/knowledge/known-keys.yaml from public lists of leaked keys: `node scripts/known-keys.js CORPUS` (needs a build). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSshPublicKey } from '../dist/codecs/protocols/ssh-public-key.js';

const [corpus] = process.argv.slice(2);
if (corpus === undefined) throw new Error('give the folder of the corpus');
const keys = new Map();
const add = (spki, whose) => {
  if (/^[0-9a-f]{64}$/.test(spki) && !keys.has(spki))
    keys.set(
      spki,
      whose
        .replace(/[^\x20-\x7e]/g, ' ')
        .slice(0, 70)
        .trim(),
    );
};

// system/keymaster of AOSP holds both halves: whatever they attest, anyone can.
add('9f09e6e690f8d0474b5b7096ea7da9e3d316d889649443c2d8bf5c831f0f6b69', 'Android software attestation, RSA (AOSP)');
add('f7d20ab04f01da6cbb6d1e3d9d00cd28495cb6f9a27ec85cf3e3e872d7c35878', 'Android software attestation, EC (AOSP)');
for (const line of readFileSync(join(corpus, 'creds/houseofkeys_index.tsv'), 'utf8').split('\n').slice(1)) {
  const [, , , spki = '', , , products = ''] = line.split('\t');
  add(spki, `${products.split(';')[0] || 'unnamed product'} (House of Keys)`);
}
for (const folder of ['host', 'authorized']) {
  const path = join(corpus, 'creds/ssh-badkeys', folder);
  for (const file of readdirSync(path).filter((name) => name.endsWith('.pub'))) {
    const blob = Buffer.from(readFileSync(join(path, file), 'utf8').trim().split(/\s+/)[1] ?? '', 'base64');
    const { spki = '' } = parseSshPublicKey(blob);
    add(spki, `${file.replace(/\.pub$/, '')} (ssh-badkeys)`);
  }
}
const lines = [...keys]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([spki, whose]) => `  ${spki}: ${JSON.stringify(whose)}`);
writeFileSync(
  'baselines/knowledge/known-keys.yaml',
  `# Keys whose private half is public, by the hex SHA-256 of their DER SPKI: TLS certificates, SSH host and login keys.
# Made by scripts/known-keys.js from the fingerprints of the House of Keys study and of rapid7/ssh-badkeys (MIT), with two of AOSP.
id: known-keys
date: 2026-11-24
title: Publicly known private keys
keys:
${lines.join('\n')}
`,
);
