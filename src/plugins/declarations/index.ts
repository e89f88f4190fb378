/** The registry of declarations: one line each. */
export {};
