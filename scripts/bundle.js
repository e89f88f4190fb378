/** Joins what the command line loads into few files under dist/bundle: starting reads a dozen of them instead of hundreds. */
import { readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const target = fileURLToPath(new URL('../dist/bundle', import.meta.url));

/** A module that looks for files beside itself still finds them from where it was, for the bundle lies elsewhere. */
const places = {
  name: 'places',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return null;
    const from = relative(target, id).replaceAll('\\', '/');
    return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(from)}, import.meta.url).href`);
  },
};

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

rmSync(target, { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
  platform: 'node',
  // Packages stay packages: only those that are shipped, so that nothing else slips in.
  external: [/^node:/, ...Object.keys(dependencies).map((name) => new RegExp(`^${name}(/|$)`))],
  plugins: [places],
  // What is loaded with the program anyway needs no chunk of its own: nothing to mend.
  onLog: (level, log, tell) => (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT' ? undefined : tell(level, log)),
});
await bundle.write({
  dir: target,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  // Each file costs a look-up, a read and a turn of the loader: what many commands share is one file, and what --version needs another.
  codeSplitting: {
    groups: [
      { name: 'start', priority: 2, test: /dist\/(cli\/(main|io|problems|version|exit-code)|lib\/(fault|text))\.js$/ },
      { name: 'base', priority: 1, test: /dist\/(cli|core|facts|lib)\//, minShareCount: 3 },
      { name: 'formats', test: /dist\/codecs\//, minShareCount: 2 },
    ],
  },
});
await bundle.close();
