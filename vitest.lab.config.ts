import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/summary-reporter.ts';

/** Suites that need Debian's tools and servers, or the corpus: tests/lab and tests/corpus. */
export default defineConfig({
  test: {
    include: ['tests/lab/**/*.test.ts', 'tests/corpus/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ['default', new SummaryReporter()],
  },
});
