/** `assay evaluate` of every shipped baseline on generated dossiers of 2,000 and 20,000 facts: time for each, and how it grows. */
import { join } from 'node:path';
import { library as openLibrary, openRegistry } from '../dist/cli/compose.js';
import { readSeen } from '../dist/cli/reading.js';
import { judgeProduct } from '../dist/cli/session.js';
import { factId } from '../dist/core/assessment/facts.js';
import { feedings } from '../dist/core/assessment/plan.js';
import { createDossier } from '../dist/core/evidence/dossier.js';
import * as vocabulary from '../dist/facts/index.js';
import { race, timed, workshop } from './support.js';

const SIZES = [2000, 20_000];
const GROWTH = 12;
/** Judging alone sorts, so it grows a little more than the facts do; quadratic would be a hundredfold. */
const JUDGING_GROWTH = 20;
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const TRIES = 9;
const AT = '2026-06-01T00:00:00.000Z';

const types = Object.values(vocabulary)
  .filter((value) => value?.schema?.json !== undefined)
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** A subject of the fact's area; twenty facts share one, as the suites of an endpoint or the passwords of a file do. */
function subjectOf(area, index) {
  const part = Math.floor(index / 20);
  if (area === 'endpoint' || area === 'tcp' || area === 'udp')
    return {
      kind: 'endpoint',
      host: `192.0.2.${1 + (part % 8)}`,
      port: 1 + Math.floor(part / 8),
      transport: area === 'udp' ? 'udp' : 'tcp',
    };
  if (area === 'root-file-system') return { kind: 'file', path: `fw.bin!squashfs/usr/lib/file-${part}` };
  if (area === 'image') return { kind: 'image', image: 'fw.bin' };
  return area === 'update' ? { kind: 'update', update: 'fw.raucb' } : { kind: 'target' };
}

/** A value of a schema, another for each index; most booleans are false, most names differ. */
function sample(schema, index) {
  if (schema.enum !== undefined) return schema.enum[index % schema.enum.length];
  if (schema.type === 'boolean') return index % 5 === 0;
  if (schema.type === 'integer' || schema.type === 'number') return index % 5000;
  if (schema.type === 'array') return index % 3 === 0 ? [] : [sample(schema.items ?? { type: 'string' }, index)];
  return schema.type === 'object' ? dataOf(schema, index) : `name-${index}`;
}
const dataOf = (schema, index) =>
  Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one], at) => [name, sample(one, index + at)]));

function write(folder, size) {
  const head = {
    tool: { name: 'assay', version: '0' },
    target: { name: 'bench', state: 'initialised', devices: [{ host: '192.0.2.1' }], images: [], updates: [] },
    scope: { ports: 'default', pace: 'gentle', permissions: [], vantage: 'bench' },
    gatheredAt: AT,
    inputs: [],
    // Whoever did not run leaves everything open: here all did.
    gatherers: ran.map(({ id, produces }) => ({
      id,
      status: 'done',
      facts: 1,
      ms: 1,
      produces: produces.map(({ name }) => name),
    })),
  };
  const dossier = createDossier(folder, head);
  for (let index = 0; index < size; index += 1) {
    const type = types[index % types.length];
    const turn = Math.floor(index / types.length);
    const about = {
      type: type.name,
      subject: subjectOf(type.over, turn),
      data: dataOf(type.schema.json, index),
      source: 'bench/all',
    };
    dossier.fact({ id: factId(about), ...about, method: 'TEST', observedAt: AT, evidence: [], derivedFrom: [] });
  }
  for (let index = 0; index < size / 100; index += 1)
    dossier.gap({
      source: 'bench/all',
      scope: subjectOf('tcp', index * 20),
      area: 'tcp',
      facts: ['tls.cipher'],
      unseen: { kind: 'timeout', message: 'no answer' },
    });
  dossier.finish(head);
}

const registry = await openRegistry();
const library = await openLibrary();
const ran = feedings(registry);
const shop = workshop();
try {
  const folders = SIZES.map((size) => {
    const folder = join(shop.folder, `${size}.dossier`);
    write(folder, size);
    return folder;
  });
  const shipped = JSON.parse(timed(process.execPath, ['bin/assay.js', 'list', 'baselines', '--json']).stdout);
  const names = shipped.map(({ id, version }) => `${id}@${version}`);
  const judge = (folder, baselines) => () =>
    timed(
      process.execPath,
      ['bin/assay.js', 'evaluate', folder, '--quiet', ...baselines.flatMap((one) => ['--baseline', one])],
      [0, 1, 3],
    );
  console.log(`assay evaluate, whole process, median of ${ROUNDS} (${SIZES.join(' and ')} facts)`);
  let held = true;
  for (const baselines of [...names.map((name) => [name]), names]) {
    const [small, large] = Object.values(
      race(ROUNDS, { small: judge(folders[0], baselines), large: judge(folders[1], baselines) }),
    );
    const growth = large.seconds / small.seconds;
    held &&= growth <= GROWTH;
    const title = baselines.length === 1 ? baselines[0] : `all ${names.length} together`;
    console.log(
      `  ${title.padEnd(36)} ${small.seconds.toFixed(2)} s  ${large.seconds.toFixed(2)} s  ${large.mib} MiB  growth ${growth.toFixed(1)}`,
    );
  }
  console.log(`in one process, the judging alone (processor time, best of ${TRIES}), without and with 2,000 waivers`);
  const seen = await Promise.all(folders.map(readSeen));
  const waivers = Array.from({ length: 2000 }, (_, index) => ({
    control: 'xiaomi-consumer-iot/2.1.1',
    subject: `192.0.2.${1 + (index % 8)}:${1 + Math.floor(index / 8)}/tcp`,
    kind: 'accepted-risk',
    reason: 'bench',
    approvedBy: 'bench',
    expires: '2030-01-01',
    at: { file: 'waivers.yaml' },
  }));
  for (const name of names) {
    const baselines = [await library.baseline(name)];
    const times = [[], waivers].map((given) => {
      const once = (one) => {
        const started = process.cpuUsage();
        judgeProduct({ seen: one, library, registry, at: AT, baselines, waivers: given, inputs: [] });
        const { user, system } = process.cpuUsage(started);
        return (user + system) / 1000;
      };
      return seen.map((one) => Math.min(...Array.from({ length: TRIES }, () => once(one))));
    });
    const growths = times.map(([small, large]) => large / small);
    held &&= growths.every((growth) => growth <= JUDGING_GROWTH);
    const words = times.map(
      ([small, large], at) => `${small.toFixed(0)} → ${large.toFixed(0)} ms (${growths[at].toFixed(1)})`,
    );
    console.log(`  ${name.padEnd(36)} ${words.join('   ')}`);
  }
  console.log(`  growth at most ${GROWTH}, of judging alone ${JUDGING_GROWTH}: ${held ? 'held' : 'NOT held'}`);
  if (!held) process.exitCode = 1;
} finally {
  await shop.close?.();
}
