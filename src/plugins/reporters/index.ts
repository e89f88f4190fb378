/** The registry of reporters: one line each. */
export {};
