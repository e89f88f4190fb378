/** Feeds broken versions of signed artefacts to all verifiers: no bug, and never verified unless what is covered is the same. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { inflateRawSync } from 'node:zlib';
import { knowsFolder, sparesParsing } from './fuzz-cache.js';

const top = new URL('..', import.meta.url);
const folderOf = (path) => fileURLToPath(new URL(path, top));
const NOW = '2027-06-01T00:00:00Z';
const MOST = 65_536;
const PACKED = /^(mender|apk|nordic)/;
const KEYS = /\.(pub|pem)$/;
/** What makes artefacts for tests, in `tests/support`. */
const MAKERS = /^(signers.*|mi-ota|openwrt|zip)\.ts$/;
/** Signatures beside what they sign: that, and the suffix by which they are found. */
const DETACHED = {
  'plain.signify': ['plain.bin', '.sig'],
  'plain.minisig': ['plain.bin', '.minisig'],
  'plain.rsa': ['plain.bin', '.sig'],
  'plain.ec': ['plain.bin', '.sig'],
  'apk/v4.apk.idsig': ['apk/v4.apk', '.idsig'],
};

/** What the tests' signers make: with keys of their own each time, or as the file named by `ASSAY_FUZZ_SEEDS` has kept it. */
async function ownArtefacts(folder) {
  const kept = process.env.ASSAY_FUZZ_SEEDS;
  if (kept !== undefined && existsSync(kept)) return deserialize(readFileSync(kept));
  const made = await madeAnew(folder);
  if (kept !== undefined) writeFileSync(kept, serialize(made));
  return made;
}

/** Signers are written in TypeScript, which no supported Node runs as it is everywhere. */
async function madeAnew(folder) {
  const { default: ts } = await import('typescript');
  const made = join(folder, 'signers');
  mkdirSync(made, { recursive: true });
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(folderOf('node_modules'), join(folder, 'node_modules'));
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  for (const name of readdirSync(folderOf('tests/support')).filter((one) => MAKERS.test(one))) {
    const source = readFileSync(join(folderOf('tests/support'), name), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: options });
    writeFileSync(
      join(made, name.replace(/\.ts$/, '.mjs')),
      outputText.replaceAll(/(from '\.\/[a-z-]+)\.ts'/g, "$1.mjs'"),
    );
  }
  const { madeArtefacts } = await import(pathToFileURL(join(made, 'signers-all.mjs')).href);
  return madeArtefacts();
}

/** Every artefact under `fixtures/updates`, and of the signers of the tests. */
export async function updateSeeds(folder, only) {
  const { readTrustedKeys } = await import(new URL('dist/cli/trusted-key.js', top).href);
  const from = folderOf('fixtures/updates');
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(from, name)).isFile() && statSync(join(from, name)).size <= MOST)
    .sort((a, b) => (a < b ? -1 : 1));
  const keys = files
    .filter((name) => KEYS.test(name) && !/other/.test(name))
    .flatMap((name) => readTrustedKeys(join(from, name)));
  const seeds = files
    .filter((name) => !KEYS.test(name) && !/^make\.|\.(sh|js|md|json)$/.test(name) && !(name in DETACHED))
    .map((name) => ({ name, bytes: readFileSync(join(from, name)), keys }));
  for (const [name, [signs, suffix]] of Object.entries(DETACHED))
    if (files.includes(name))
      seeds.push({
        name,
        bytes: readFileSync(join(from, name)),
        keys,
        beside: readFileSync(join(from, signs)),
        suffix,
      });
  for (const one of await ownArtefacts(folder)) seeds.push({ ...one, bytes: Buffer.from(one.bytes) });
  return seeds.filter(({ name }) => only === undefined || new RegExp(only).test(name));
}

/**
 * The bytes that a verdict calls covered, as one digest. Of packed files it is what comes out: deflate can say the same in
 * more than one way (a code that is never used), and the digest that was signed is of the content.
 */
function contentOf(bytes, { covered, format }) {
  const hash = createHash('sha256');
  for (const { start, end } of covered) {
    const part = bytes.subarray(start, end);
    hash.update(PACKED.test(format) ? unpacked(part) : part);
  }
  return hash.digest('hex');
}

function unpacked(part) {
  try {
    return inflateRawSync(part, { maxOutputLength: 1 << 24 });
  } catch {
    return part;
  }
}

function accountFault(bytes, { format, covered, uncovered, framing, faults }) {
  const sorted = [...covered, ...framing].concat(uncovered).sort((a, b) => a.start - b.start || a.end - b.end);
  if (sorted.length === 0 && faults.length > 0) return undefined;
  let at = 0;
  for (const { start, end } of [...covered, ...framing].sort((a, b) => a.start - b.start)) {
    if (start < at) return `${format}: byte ${start} has two roles`;
    at = end;
  }
  return sorted.some(({ start, end }) => start < 0 || end > bytes.length) ? `${format}: a range outside` : undefined;
}

/** A judge of artefacts with all seeds known; gives what is wrong with a verdict on a mutation, or nothing. */
export async function updateJudge(seeds, folder) {
  const load = (path) => import(new URL(`dist/${path}`, top).href);
  const { verifyArtefact } = await load('core/updates/verify.js');
  const { verifyCode } = await load('core/updates/exit.js');
  const { memoryBlob } = await load('lib/blob.js');
  const verifiers = Object.values(await load('plugins/verifiers/index.js'));
  const inside = mkdtempSync(join(folder, 'beside-'));
  const present = new Set();
  knowsFolder(inside, present);
  const look = async (seed, bytes) => {
    const location = join(inside, seed.file ?? 'artefact');
    const beside = { ...seed.companions, ...(seed.suffix === undefined ? {} : { [seed.suffix]: bytes }) };
    for (const [suffix, content] of Object.entries(beside)) {
      writeFileSync(`${location}${suffix}`, content);
      present.add(`${location}${suffix}`);
    }
    const subject = seed.beside ?? bytes;
    const verdicts = await verifyArtefact(verifiers, memoryBlob(subject), location, {
      settings: { keys: seed.keys, now: NOW },
      sampleKeys: {},
    });
    for (const path of present) rmSync(path);
    present.clear();
    return { subject, verdicts, good: verifyCode(verdicts) === 0 };
  };
  const known = new Set();
  const verified = new Set();
  for (const seed of seeds) {
    const { subject, verdicts, good } = await look(seed, seed.bytes);
    if (good) for (const verdict of verdicts) known.add(contentOf(subject, verdict));
    if (good) verified.add(seed.name);
  }
  return {
    verified,
    async faultOf(seed, bytes) {
      const { subject, verdicts, good } = await look(seed, bytes);
      for (const verdict of verdicts) {
        const bug = verdict.faults.find(({ kind }) => kind === 'bug');
        if (bug !== undefined) return `${verdict.format}: ${bug.message}`;
        const account = accountFault(subject, verdict);
        if (account !== undefined) return account;
        // A signature that is detached covers another file than the one that is changed here.
        if (good && !known.has(contentOf(subject, verdict)))
          return `${verdict.format}: VERIFIED although what it covers is not what was signed`;
      }
      return undefined;
    },
  };
}

/** Half of the mutations keep every byte in its place, so that each lands in a range that is known. */
function touched({ bytes }, random) {
  const copy = Buffer.from(bytes);
  for (let count = 1 + random(3); count > 0; count--) {
    const near = random(3);
    const span = Math.min(512, copy.length);
    const at = near === 0 ? random(span) : near === 1 ? copy.length - 1 - random(span) : random(copy.length);
    copy[at] = random(2) === 0 ? copy[at] ^ (1 << random(8)) : [0, 1, 0x7f, 0x80, 0xff][random(5)];
  }
  return copy;
}

/** The loop of a worker, as the one for unpackers. */
export async function fuzzUpdates({ seed, from, to, only, until }, { folder, generator, wounded, tell }) {
  sparesParsing();
  const seeds = await updateSeeds(folder, only);
  const judge = await updateJudge(seeds, folder);
  for (let run = from; run < to && Date.now() < until; run++) {
    const random = generator(Math.imul(seed, 0x9e3779b1) + run);
    const chosen = seeds[random(seeds.length)];
    tell({ run, name: chosen.name });
    const bytes = random(2) === 0 ? touched(chosen, random) : wounded(chosen, seeds, random);
    try {
      const failure = await judge.faultOf(chosen, bytes);
      if (failure !== undefined) tell({ run, name: chosen.name, failure: `${failure} (${keep(chosen, bytes)})` });
    } catch (thrown) {
      tell({ run, name: chosen.name, failure: `${thrown.stack} (${keep(chosen, bytes)})` });
    }
  }
}

/** Every byte of every seed, changed in three ways: how many changes go unseen, and where one does that must not. */
export async function everyByte(only, folder) {
  sparesParsing();
  const seeds = await updateSeeds(folder, only);
  const judge = await updateJudge(seeds, folder);
  let failed = 0;
  for (const seed of seeds.filter(({ name }) => judge.verified.has(name))) {
    const begun = Date.now();
    for (let at = 0; at < seed.bytes.length; at++)
      for (const mask of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(seed.bytes);
        bytes[at] ^= mask;
        const failure = await judge.faultOf(seed, bytes);
        if (failure !== undefined) process.stdout.write(`${seed.name}, byte ${at} ^ ${mask}: ${failure}\n`);
        if (failure !== undefined) failed += 1;
      }
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    process.stdout.write(`${seed.name}: ${3 * seed.bytes.length} changes in ${seconds} s, ${failed} failures so far\n`);
  }
  return failed;
}

/** Keys of the tests' signers are made anew each time: the artefact is kept beside its keys. */
function keep({ keys }, bytes) {
  const folder = mkdtempSync(join(process.env.ASSAY_FUZZ_KEEP ?? tmpdir(), 'assay-fuzz-failed-'));
  writeFileSync(join(folder, 'artefact'), bytes);
  for (const [index, key] of keys.entries()) writeFileSync(join(folder, `key-${index}.${key.kind}`), key.bytes);
  return folder;
}
