/** The registry of derivers: one line each. */
export { keysSharedBetweenUnits } from './keys/shared-between-units.ts';
