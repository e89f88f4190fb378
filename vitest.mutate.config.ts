import { defineConfig } from 'vitest/config';

/** The tests that mutants of `core/baseline` and `core/model` are run against: those of the engine, none that starts a process. */
export default defineConfig({
  test: {
    include: ['tests/core/baseline/**/*.test.ts', 'tests/core/model/**/*.test.ts'],
    // A thousand files for each of two thousand mutants would take days.
    exclude: ['**/hostile.test.ts', '**/node_modules/**'],
    env: { ASSAY_FEW_RUNS: '1' },
    isolate: false,
    testTimeout: 60_000,
  },
});
