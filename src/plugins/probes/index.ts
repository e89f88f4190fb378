/** The registry of probes: one line each. */
export {};
