/** The registry of analyzers: one line each. */
export { binariesHardening } from './binaries/hardening.ts';
export { servicesStart } from './services/start.ts';
