/** The registry of unpackers: one line each. */
export {};
