/** The registry of derivers: one line each. */
export {};
