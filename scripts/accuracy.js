// Compares what assay finds in the corpus with labels set by hand: precision and recall of each analysis, to docs/accuracy.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const corpus = resolve(process.env.ASSAY_CORPUS ?? '../shared/corpus', 'files');
if (!existsSync(corpus)) {
  console.error(`no corpus at ${corpus}: set ASSAY_CORPUS`);
  process.exit(2);
}
const { images } = JSON.parse(readFileSync(new URL('../fixtures/accuracy/labels.json', import.meta.url), 'utf8'));

/** How a fact is written in the labels; undefined where the analysis does not count it. */
const WRITTEN = {
  passwords: ({ type, data }) =>
    type === 'account.password' && data.system && ['usable', 'empty'].includes(data.state)
      ? `${data.file} ${data.account} ${data.state} ${data.password ?? '-'}`
      : undefined,
  keys: ({ type, data }) =>
    type === 'key.private' && data.place === 'system' ? `${data.file} ${data.spki ?? '-'}` : undefined,
  wifi: ({ type, data }) =>
    type === 'secret.wifi' && !data.placeholder ? `${data.file} ${data.ssid ?? '-'} ${data.security}` : undefined,
  telnet: ({ type, data }) =>
    type === 'service.start' && data.kind === 'telnet' && data.started === 'always' ? data.file : undefined,
};

function factsOf(image) {
  const file = readdirSync(corpus).find((name) => name.startsWith(`${image}__`));
  const folder = mkdtempSync(join(tmpdir(), 'assay-accuracy-'));
  try {
    const out = join(folder, 'dossier');
    spawnSync(process.execPath, ['bin/assay.js', 'gather', '--firmware', join(corpus, file ?? image), '--out', out], {
      stdio: 'ignore',
    });
    return readFileSync(join(out, 'facts.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const totals = {};
const misses = [];
for (const [image, labels] of Object.entries(images)) {
  const facts = factsOf(image);
  for (const [analysis, expected] of Object.entries(labels)) {
    const found = new Set(facts.map(WRITTEN[analysis]).filter((text) => text !== undefined));
    totals[analysis] ??= { right: 0, wrong: 0, missed: 0, images: 0 };
    const total = totals[analysis];
    total.images += 1;
    for (const text of found) {
      if (expected.includes(text)) total.right += 1;
      else {
        total.wrong += 1;
        misses.push(`${image}: told, not labelled: ${analysis} ${text}`);
      }
    }
    for (const text of expected) {
      if (found.has(text)) continue;
      total.missed += 1;
      misses.push(`${image}: labelled, not told: ${analysis} ${text}`);
    }
  }
}

const share = (part, whole) => (whole === 0 ? '–' : (part / whole).toFixed(2));
const rows = Object.entries(totals).map(
  ([analysis, { right, wrong, missed, images: count }]) =>
    `| ${analysis} | ${count} | ${right} | ${wrong} | ${missed} | ${share(right, right + wrong)} | ${share(right, right + missed)} |`,
);
const page = `# Accuracy

Made by \`npm run accuracy\` from \`fixtures/accuracy/labels.json\`: labels set with independent tools on real firmware images.
The set is small: it shows gross errors, not fine shares.

| analysis | images | right | told wrongly | missed | precision | recall |
|---|---|---|---|---|---|---|
${rows.join('\n')}

${misses.length === 0 ? 'No difference.' : misses.map((line) => `- ${line}`).join('\n')}
`;
writeFileSync('docs/accuracy.md', page);
process.stdout.write(page);
