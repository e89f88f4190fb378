/** The registry of verifiers: one line each. */
export { rauc } from './bundle/rauc.ts';
export { swupdate } from './bundle/swupdate.ts';
