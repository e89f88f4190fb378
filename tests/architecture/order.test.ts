/** Proves that all gatherers together can be put in order: none feeds on itself by way of others. */
import { expect, test } from 'vitest';
import { openRegistry } from '../../src/cli/compose.ts';
import { plan } from '../../src/core/assessment/plan.ts';

test('no gatherer waits for itself', async () => {
  const everything = { devices: true, images: true, updates: true, declaration: true, refuses: () => undefined };
  const { steps } = plan(await openRegistry(), 'all', everything);
  expect(steps.length).toBeGreaterThan(1);
  // All gatherers are loaded, which takes its time on a machine that does other things too.
}, 180_000);
