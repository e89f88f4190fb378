/** Makes baselines/knowledge/sample-keys.yaml: public halves of published signing keys, out of checkouts of the projects that publish them. */
import { createHash, createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Folders as arguments, `NAME=FOLDER`; each PEM file in them (key or certificate) becomes an entry `NAME FILE`. */
const keys = new Map();
for (const argument of process.argv.slice(2)) {
  const [name, folder] = argument.split('=');
  for (const file of readdirSync(folder).sort()) {
    try {
      const spki = createPublicKey(readFileSync(`${folder}/${file}`)).export({ format: 'der', type: 'spki' });
      const sha256 = createHash('sha256').update(spki).digest('hex');
      if (!keys.has(sha256))
        keys.set(sha256, { name: `${name} ${file.replace(/\.pem$/, '')}`, spki: spki.toString('base64') });
    } catch (error) {
      process.stderr.write(`${file}: ${error.message}\n`);
    }
  }
}
const lines = [
  '# Signing keys whose private halves are published as samples or for tests: public half (DER SPKI, base64) and its SHA-256.',
  '# Made by scripts/sample-keys.js from the key files of the projects that publish them; the names say which.',
  'id: sample-keys',
  'date: 2026-11-24',
  'title: Public sample and test keys for signing updates',
  'keys:',
];
for (const [sha256, { name, spki }] of keys)
  lines.push(`  - name: "${name}"`, `    sha256: ${sha256}`, `    spki: ${spki}`);
process.stdout.write(`${lines.join('\n')}\n`);
