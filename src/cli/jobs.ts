/** Jobs of the worker pool: by the name that plug-ins call, the codec file that exports `run`. */

/** Files under `src/codecs/`, without suffix. */
const JOBS: { readonly [name: string]: string } = {};

/** The built module of each job: threads cannot load TypeScript on every Node that assay runs on. */
export function jobUrls(): { readonly [name: string]: URL } {
  const source = import.meta.url.endsWith('.ts');
  const base = new URL(source ? '../../dist/codecs/' : '../codecs/', import.meta.url);
  return Object.fromEntries(Object.entries(JOBS).map(([name, file]) => [name, new URL(`${file}.js`, base)]));
}
