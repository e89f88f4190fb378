/** The registry of analyzers: one line each. */
export {};
