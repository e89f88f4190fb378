/** Feeds broken fixtures to unpackers and verifiers: `npm run fuzz -- [--part unpackers|updates] [--runs N] [--seconds S] [--seed N] [--only PATTERN] [--run N] [--every-byte]`. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { everyByte, fuzzUpdates } from './fuzz-updates.js';

/** A run that takes longer hangs. */
const PATIENCE = 30_000;
const LIMITS = { files: 20_000, bytes: 256 * 2 ** 20 };
const PARTS = ['unpackers', 'updates'];
const top = new URL('..', import.meta.url);

/** A small generator of numbers that gives the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function fixtures(only) {
  const folder = fileURLToPath(new URL('fixtures/unpackers', top));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/make\.|__golden__/.test(name) && statSync(join(folder, name)).isFile())
    .filter((name) => only === undefined || new RegExp(only).test(name))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
    .filter(({ bytes }) => bytes.length > 0 && bytes.length < 262_144);
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** One to eight wounds: flipped bits, extreme numbers, cuts, splices, repeats. */
function wounded(seed, seeds, random) {
  let bytes = Buffer.from(seed.bytes);
  for (let wounds = 1 + random(8); wounds > 0 && bytes.length > 0; wounds--) {
    // Headers are where numbers are: half of the wounds go to the first 512 bytes.
    const at = random(2) === 0 ? random(Math.min(bytes.length, 512)) : random(bytes.length);
    switch (random(7)) {
      case 0:
        bytes[at] ^= 1 << random(8);
        break;
      case 1: {
        const value = EXTREMES[random(EXTREMES.length)];
        if (at + 4 <= bytes.length) random(2) === 0 ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
        break;
      }
      case 2:
        if (at + 2 <= bytes.length) bytes.writeUInt16LE(EXTREMES[random(8)], at);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4: {
        const other = seeds[random(seeds.length)].bytes;
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(8192)), bytes.subarray(at)]);
        break;
      }
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(64))]);
        break;
      default:
        bytes.fill(random(256), at, Math.min(bytes.length, at + random(64)));
    }
  }
  return bytes;
}

async function fuzzUnpackers({ seed, from, to, only, until }) {
  const { unpackImage } = await import(new URL('dist/core/unpacking/unpack.js', top).href);
  const unpackers = Object.values(await import(new URL('dist/plugins/unpackers/index.js', top).href));
  const { JOBS } = await import(new URL('dist/codecs/jobs.js', top).href);
  const job = async (name, input) => (await import(JOBS[name].href)).run(input);
  const seeds = fixtures(only);
  const image = join(workerData.folder, 'image.bin');
  for (let run = from; run < to && Date.now() < until; run++) {
    const random = generator(Math.imul(seed, 0x9e3779b1) + run);
    const chosen = seeds[random(seeds.length)];
    const { name } = chosen;
    const bytes = wounded(chosen, seeds, random);
    parentPort.postMessage({ run, name });
    writeFileSync(image, bytes);
    try {
      const opened = await unpackImage({ path: image, unpackers, job, limits: LIMITS });
      for (const { fault, path } of opened.gaps)
        if (fault.kind === 'bug') parentPort.postMessage({ run, name, failure: `${path}: ${fault.message}` });
      let at = 0;
      for (const { start, end } of opened.regions) {
        if (start !== at) parentPort.postMessage({ run, name, failure: `bytes from ${at} are not accounted for once` });
        at = end;
      }
      if (at !== bytes.length)
        parentPort.postMessage({ run, name, failure: `accounts for ${at} of ${bytes.length} bytes` });
      for (const entry of opened.tree.entries())
        if (entry.name.split('/').includes('..')) parentPort.postMessage({ run, name, failure: `name ${entry.name}` });
      opened.dispose();
    } catch (thrown) {
      parentPort.postMessage({ run, name, failure: thrown instanceof Error ? thrown.stack : String(thrown) });
    }
    const left = readdirSync(join(workerData.folder, 'tmp'));
    if (left.length > 0) parentPort.postMessage({ run, name, failure: `left behind: ${left.join(' ')}` });
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      part: { type: 'string' },
      'every-byte': { type: 'boolean' },
      run: { type: 'string' },
    },
  });
  const parts = PARTS.filter((part) => values.part === undefined || part === values.part);
  if (parts.length === 0) throw new Error(`--part is one of ${PARTS.join(' ')}`);
  if (values['every-byte'] === true) {
    const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
    if ((await everyByte(values.only, folder)) > 0) process.exitCode = 1;
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds) / parts.length;
  for (const part of parts) await fuzz(part, values, seconds);
}

/** One part, in workers that are watched; what is found is written and makes the exit code. */
async function fuzz(part, values, seconds) {
  const first = values.run === undefined ? 0 : Number(values.run);
  const to = values.run === undefined ? Number(values.runs ?? (seconds === undefined ? 20_000 : 1e9)) : first + 1;
  const until = seconds === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + seconds * 1000;
  const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
  mkdirSync(join(folder, 'tmp'));
  const failures = [];
  let from = first;
  let slowest = { ms: 0 };
  const begun = Date.now();
  const seed = Number(values.seed);
  while (from < to && Date.now() < until && failures.length < 50) {
    const end = await watched({ part, folder, seed, from, to, only: values.only, until }, failures, (one) => {
      if (one.ms > slowest.ms) slowest = one;
    });
    from = Math.max(from, end) + 1;
  }
  rmSync(folder, { recursive: true, force: true });
  for (const { run, name, failure } of failures) process.stdout.write(`run ${run} (${name}): ${failure}\n`);
  const taken = ((Date.now() - begun) / 1000).toFixed(1);
  process.stdout.write(
    `${part}: ${from - first} runs in ${taken} s, ${failures.length} failures; slowest run ${slowest.run} (${slowest.name}) ${slowest.ms} ms\n`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

/** Runs a worker until it is done, dies or hangs; gives the last run that it began. */
function watched(data, failures, timed) {
  return new Promise((resolve) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: data,
      env: { ...process.env, ASSAY_FUZZ_KEEP: tmpdir(), TMPDIR: join(data.folder, 'tmp') },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    let last = { run: data.from - 1, name: '', at: Date.now() };
    // Making the seeds takes as long as it takes: the clock runs from the first run on.
    let ready = false;
    const clock = setInterval(() => {
      if (!ready || Date.now() - last.at < PATIENCE) return;
      clearInterval(clock);
      failures.push({ ...last, failure: 'hangs' });
      void worker.terminate();
    }, 1000);
    worker.on('message', (message) => {
      ready = true;
      if (message.failure !== undefined) failures.push(message);
      else {
        if (last.name !== '') timed({ ...last, ms: Date.now() - last.at });
        last = { ...message, at: Date.now() };
      }
    });
    worker.on('error', (thrown) => failures.push({ ...last, failure: String(thrown) }));
    worker.on('exit', () => {
      clearInterval(clock);
      resolve(last.run);
    });
  });
}

function work(data) {
  if (data.part === 'unpackers') return fuzzUnpackers(data);
  const tell = (message) => parentPort.postMessage(message);
  return fuzzUpdates(data, { folder: data.folder, generator, wounded, tell });
}

if (isMainThread) await main();
else await work(workerData);
