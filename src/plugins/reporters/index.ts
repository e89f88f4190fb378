/** The registry of reporters: one line each. */
export { csv } from './csv.ts';
export { github } from './github.ts';
export { gitlab } from './gitlab.ts';
export { page } from './html/page.ts';
export { json } from './json.ts';
export { junit } from './junit.ts';
export { markdown } from './markdown.ts';
export { sarif } from './sarif.ts';
export { text } from './text.ts';
