/** Compiles every YAML document under baselines/ to JSON with positions in dist/assets, so that starting needs no YAML parse and no schema compile. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { openRegistry } from '../dist/cli/compose.js';
import { describe, KINDS } from '../dist/cli/gatherers.js';
import { readShipped } from '../dist/core/baseline/assets.js';
import { compileDocument } from '../dist/core/baseline/document.js';
import { shapeProblems } from '../dist/core/baseline/shape.js';

const target = new URL('../dist/assets/', import.meta.url);

/** `file:line:column: message (hint)` */
function tell({ message, at, hint }) {
  const place = at === undefined ? '' : `${at.file}:${at.line ?? 1}:${at.column ?? 1}: `;
  process.stderr.write(`${place}${message}${hint === undefined ? '' : ` (${hint})`}\n`);
}

async function build() {
  const shipped = await readShipped();
  const problems = [];
  for (const { asset, document } of shipped) {
    if (asset.kind !== 'knowledge') problems.push(...(await shapeProblems(asset.kind, document)));
  }
  if (problems.length > 0) return problems;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const index = shipped.map(({ asset, document }) => {
    const { open: _, ...entry } = asset;
    const name = asset.file.replace(/^baselines\//, '').replace(/\.yaml$/, '');
    const path = `${name.replaceAll('/', '+')}.json`;
    writeFileSync(new URL(path, target), JSON.stringify(compileDocument(document)));
    return { ...entry, path };
  });
  writeFileSync(new URL('index.json', target), JSON.stringify(index));
  writeFileSync(new URL('gatherers.json', target), JSON.stringify(await gatherers()));
  return [];
}

/** Every gatherer without what it does, for commands that only tell of it. */
async function gatherers() {
  const registry = await openRegistry();
  return Object.fromEntries(KINDS.map((kind) => [kind, describe(registry[kind])]));
}

try {
  const problems = await build();
  for (const problem of problems) tell(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} catch (thrown) {
  if (!Array.isArray(thrown.problems)) throw thrown;
  for (const problem of thrown.problems) tell(problem);
  process.exitCode = 1;
}
