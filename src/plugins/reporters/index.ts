/** The registry of reporters: one line each. */
export { json } from './json.ts';
export { junit } from './junit.ts';
export { sarif } from './sarif.ts';
export { text } from './text.ts';
