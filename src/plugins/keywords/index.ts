/** The registry of keywords: one line each. */
export {};
