/** The registry of unpackers: one line each. */
export { tar } from './archive/tar.ts';
