/** The registry of verifiers: one line each. */
export {};
