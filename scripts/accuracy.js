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

const SERVERS = new Set([
  'telnet',
  'ssh',
  'ftp',
  'tftp',
  'http',
  'mqtt',
  'snmp',
  'upnp',
  'dns',
  'dhcp',
  'smb',
  'cwmp',
  'adb',
]);
/** Version of the loader in the image at hand, without what a builder added. */
let loader = '';
const loaderOf = () => loader;

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
  services: ({ type, data }) =>
    type === 'service.start' && data.started === 'always' && SERVERS.has(data.kind) ? data.program : undefined,
  tokens: ({ type, data }) =>
    type === 'secret.token' && !data.example && data.confidence !== 'possible'
      ? `${data.file} ${data.kind}`
      : undefined,
  urls: ({ type, data }) =>
    type === 'secret.url' && !data.example ? `${data.file} ${data.scheme}://${data.user}@${data.host}` : undefined,
  update: ({ type, data }) =>
    type === 'update.client' && data.url !== undefined ? `${data.file} ${data.url}` : undefined,
  kernel: ({ type, data }) => (type === 'kernel.version' ? data.version : undefined),
  boot: ({ type, data }) => (type === 'boot.environment' ? `${loaderOf(data)} ${data.bootdelay}` : undefined),
  hardening: ({ type, data }) =>
    type === 'binary.hardening' && ['program', 'library'].includes(data.kind)
      ? `${data.file} pie=${data.pie === 'yes'} nx=${data.nx === 'yes'} relro=${data.relro} canary=${data.canary === 'yes'} stripped=${data.stripped}`
      : undefined,
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

/** Where the sections were cut off readelf prints no symbol: then the strings of the file must do. */
const guarded = (out, path) => !/ \.dynsym /.test(out) && /\0__stack_chk_fail\0/.test(readFileSync(path, 'latin1'));

/** What readelf says of every ELF program and library of an image, by name inside its root file system. */
function readelfOf(image) {
  const file = readdirSync(corpus).find((name) => name.startsWith(`${image}__`));
  const folder = mkdtempSync(join(tmpdir(), 'assay-accuracy-'));
  try {
    spawnSync(process.execPath, ['bin/assay.js', 'unpack', join(corpus, file ?? image), '--out', folder], {
      stdio: 'ignore',
    });
    const { entries } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const truths = new Map();
    for (const { path, type, sha256 } of entries) {
      if (type !== 'file' || sha256 === undefined) continue;
      const run = spawnSync('readelf', ['-W', '-h', '-l', '-d', '-s', '-S', join(folder, path)], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      const out = run.stdout;
      if (run.status !== 0 || !out.includes('ELF Header')) continue;
      const now = /\(BIND_NOW\)|FLAGS.*BIND_NOW|FLAGS_1.*\bNOW\b/.test(out);
      const stack = /GNU_STACK.*?(R[W ][E ]) /.exec(out)?.[1];
      truths.set(
        path,
        `pie=${/Type:\s+DYN/.test(out) && (/INTERP/.test(out) || /FLAGS_1.*PIE/.test(out))} nx=${stack !== undefined && !stack.includes('E')} relro=${/GNU_RELRO/.test(out) ? (now ? 'full' : 'partial') : 'none'} canary=${/__stack_chk_fail/.test(out) || guarded(out, join(folder, path))} stripped=${!/ \.symtab /.test(out)}`,
      );
    }
    return truths;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Labels of hardening: readelf's answer for each file that is told, and each that is an executable or a shared object. */
function hardeningLabels(image, facts) {
  const truths = readelfOf(image);
  const told = facts.filter(({ type }) => type === 'binary.hardening');
  return told
    .filter(({ data }) => ['program', 'library'].includes(data.kind))
    .flatMap(({ data, subject }) => {
      const path = [...truths.keys()].find((one) => subject.path.endsWith(one) || one.endsWith(data.file));
      return path === undefined ? [] : [`${data.file} ${truths.get(path)}`];
    });
}

const totals = {};
const misses = [];
for (const [image, labels] of Object.entries(images)) {
  const facts = factsOf(image);
  loader = (facts.find(({ type }) => type === 'boot.loader')?.data.version ?? '').replace(/[-+].*$/, '');
  for (const [analysis, labelled] of Object.entries(labels)) {
    const expected = labelled === 'readelf' ? hardeningLabels(image, facts) : labelled;
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
