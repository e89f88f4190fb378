/** Adds to baselines/knowledge/sample-keys.yaml: public halves of published signing keys, out of checkouts of the projects that publish them. */
import { createHash, createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const table = new URL('../baselines/knowledge/sample-keys.yaml', import.meta.url);
let text = readFileSync(table, 'utf8').trimEnd();
const known = new Set([...text.matchAll(/^ {4}sha256: ([0-9a-f]{64})$/gm)].map(([, sha256]) => sha256));

/** Folders as arguments, `NAME=FOLDER`; each PEM file in them (key or certificate) becomes an entry `NAME FILE`. */
for (const argument of process.argv.slice(2)) {
  const [name, folder] = argument.split('=');
  for (const file of readdirSync(folder).sort()) {
    try {
      const spki = createPublicKey(readFileSync(`${folder}/${file}`)).export({ format: 'der', type: 'spki' });
      const sha256 = createHash('sha256').update(spki).digest('hex');
      if (known.has(sha256)) continue;
      known.add(sha256);
      const title = `${name} ${file.replace(/(\.x509)?\.(pem|key)$/, '')}`;
      text += `\n  - name: "${title}"\n    sha256: ${sha256}\n    spki: ${spki.toString('base64')}`;
    } catch (error) {
      process.stderr.write(`${file}: ${error.message}\n`);
    }
  }
}
writeFileSync(table, `${text}\n`);
