/** The registry of declaration readers: one line each. */
export { productStatements } from './product/statements.ts';
