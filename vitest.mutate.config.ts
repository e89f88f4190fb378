import { defineConfig } from 'vitest/config';

/** The tests that mutants of `core/baseline` and `core/model` are run against: those of the engine, none that starts a process. */
export default defineConfig({
  test: {
    include: ['tests/core/baseline/**/*.test.ts', 'tests/core/model/**/*.test.ts'],
    env: { ASSAY_FEW_RUNS: '1' },
    testTimeout: 60_000,
  },
});
