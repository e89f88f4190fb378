import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/summary-reporter.ts';

/** Suites that need Debian's tools and servers, or the corpus: tests/lab and tests/corpus. */
export default defineConfig({
  test: {
    include: ['tests/lab/**/*.test.ts', 'tests/corpus/**/*.test.ts'],
    // Real servers and timers on a machine of unknown load: a test that fails once in a pipeline is tried a second time.
    // biome-ignore lint/style/noProcessEnv: the pipeline says so by CI.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // Tests that are marked concurrent wait for peers, and for little else.
    maxConcurrency: 20,
    reporters: ['default', new SummaryReporter()],
  },
});
