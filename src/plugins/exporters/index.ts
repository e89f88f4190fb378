/** The registry of exporters: one line each. */
export {};
