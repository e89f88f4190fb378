/** Bench: every report format and export of one report with 20,000 facts; at most 3 s in total, and 300 MB where the heap may not hoard. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { exporters, library, reporters } from '../dist/cli/compose.js';
import { memoryBlob } from '../dist/lib/blob.js';

const FACTS = 20_000;
const SECONDS = 3;
const MIB = 300 * (1e6 / 2 ** 20);

/** The reduced report of the demo image with its facts and results multiplied over files of their own. */
function large() {
  const report = JSON.parse(readFileSync('fixtures/reports/failing.json', 'utf8'));
  const seeds = report.facts;
  const facts = Array.from({ length: FACTS }, (_, at) => {
    const seed = seeds[at % seeds.length];
    return {
      ...seed,
      id: `${seed.type}-${at.toString(16).padStart(12, '0')}`,
      subject: { kind: 'file', path: `insecure.bin!squashfs/usr/lib/part-${at}` },
    };
  });
  const known = new Map(seeds.map((seed, at) => [seed.id, at]));
  const citing = report.checks.filter(({ results }) => results.some((one) => one.facts.length > 0));
  const share = Math.floor(FACTS / citing.length);
  const checks = report.checks.map((check) => {
    const turn = citing.indexOf(check);
    if (turn < 0) return check;
    const seed = check.results.find((one) => one.facts.some((id) => known.has(id))) ?? check.results[0];
    const results = facts
      .slice(turn * share, turn === citing.length - 1 ? FACTS : (turn + 1) * share)
      .map((fact) => ({ ...seed, subject: fact.subject, facts: [fact.id] }));
    return { ...check, results };
  });
  return { ...report, facts, checks };
}

// Node keeps garbage for as long as it may: a bounded heap shows what is needed.
const HEAP = '--max-old-space-size=200';
if (process.execArgv.includes(HEAP)) await bench();
else process.exitCode = spawnSync(process.execPath, [HEAP, 'bench/render.js'], { stdio: 'inherit' }).status ?? 1;

async function bench() {
  const report = large();
  const shelf = await library();
  const controls = {};
  for (const { baseline } of report.assessments) {
    const level = baseline.level === undefined ? '' : `:${baseline.level}`;
    controls[`${baseline.id}@${baseline.version}`] = (
      await shelf.baseline(`${baseline.id}@${baseline.version}${level}`)
    ).controls;
  }
  const dossier = {
    report,
    facts: report.facts,
    gaps: report.coverage.gaps,
    controls,
    knowledge: (id) => shelf.knowledge(id),
    open: () => memoryBlob(new Uint8Array()),
  };
  const options = { colour: false, width: 80 };
  let total = 0;
  const timed = async (id, work) => {
    const started = performance.now();
    const bytes = await work();
    const seconds = (performance.now() - started) / 1000;
    total += seconds;
    console.log(
      `  ${id.padEnd(20)} ${seconds.toFixed(3)} s  ${(Buffer.byteLength(bytes) / 2 ** 20).toFixed(1).padStart(7)} MiB`,
    );
  };
  console.log(
    `${report.facts.length} facts, ${report.checks.reduce((sum, { results }) => sum + results.length, 0)} results, each format once, cold`,
  );
  for (const one of await reporters()) await timed(one.id, () => one.render(report, options));
  for (const one of await exporters()) await timed(one.id, () => one.render(dossier, options));
  const mib = process.resourceUsage().maxRSS / 1024;
  const held = total <= SECONDS && mib <= MIB;
  console.log(
    `  total ${total.toFixed(2)} s (at most ${SECONDS}), peak ${mib.toFixed(0)} MiB (at most ${MIB.toFixed(0)}): ${held ? 'held' : 'NOT held'}`,
  );
}
