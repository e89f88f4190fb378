/** The registry of inspectors: one line each. */
export {};
