/** The registry of exporters: one line each. */
export { oscal } from './oscal/results.ts';
