/** The registry of inspectors: one line each. */
export { updatesSignature } from './updates/signature.ts';
export { updatesTransport } from './updates/transport.ts';
