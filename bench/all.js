/** Runs every bench of this folder one after the other; a bench that fails is told and the rest goes on. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const HELPERS = ['all.js', 'lab-camera.js', 'support.js'];
const failed = [];
for (const name of readdirSync('bench')
  .filter((file) => file.endsWith('.js') && !HELPERS.includes(file))
  .sort()) {
  console.log(`\n== bench/${name}`);
  if (spawnSync(process.execPath, [`bench/${name}`], { stdio: 'inherit' }).status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
