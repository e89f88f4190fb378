/** Joins the tests that mutants are run against, and all that they test, into one script that can be started afresh for each mutant. */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const FOLDERS = ['tests/core/baseline', 'tests/core/model'];
// A thousand files for each of three thousand mutants would take days.
const LEFT_OUT = /hostile\.test\.ts$/;

const tests = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && !LEFT_OUT.test(name))
    .map((name) => join(folder, name)),
).sort();
const shim = fileURLToPath(new URL('tests.js', import.meta.url));

const joined = {
  name: 'joined',
  resolveId: (id) => (id === 'mutation:entry' ? id : /^(vitest|@fast-check\/vitest)$/.test(id) ? shim : null),
  load: (id) =>
    id === 'mutation:entry' ? tests.map((file) => `import ${JSON.stringify(resolve(file))};`).join('\n') : null,
  transform(code, id) {
    // Modules that look for files beside themselves still find them from where they were.
    const placed = code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
    const file = tests.find((name) => resolve(name) === id);
    return file === undefined ? placed : `import { inFile } from 'vitest';inFile(${JSON.stringify(file)});${placed}`;
  },
};

/** Writes the script; packages stay packages, loaded once for all mutants. */
export async function bundleTests(path) {
  const bundle = await rolldown({
    input: 'mutation:entry',
    platform: 'node',
    external: (id) => !/^[./]|^(mutation:entry|vitest|@fast-check\/vitest)$/.test(id),
    plugins: [joined],
    treeshake: false,
  });
  await bundle.write({ file: path, format: 'cjs', codeSplitting: false });
  await bundle.close();
}
