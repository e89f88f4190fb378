import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/summary-reporter.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/lab/**', 'tests/corpus/**', '**/node_modules/**'],
    // Real servers and timers on a machine of unknown load: a test that fails once in a pipeline is tried a second time.
    // biome-ignore lint/style/noProcessEnv: the pipeline says so by CI.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // Half of the cores would be one of two: tests wait for servers and timers more than they compute.
    maxWorkers: '100%',
    testTimeout: 30_000,
    reporters: ['default', new SummaryReporter()],
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/**/index.ts'] },
  },
});
