import { expect, test } from 'vitest';
import { kernelSysctls } from '../../../../src/plugins/analyzers/kernel/sysctl.ts';
import { analyze } from '../../../support/analyze.ts';

test.each([
  ['/etc/sysctl.conf', `a = b${' '.repeat(100_000)}c\n`],
  ['/etc/init.d/S1', `#!/bin/sh\n${'sysctl '.repeat(30_000)}\n`],
])('a hostile line is read in time: %s', async (name, text) => {
  const from = performance.now();
  await analyze([kernelSysctls], { [name]: text });
  expect(performance.now() - from).toBeLessThan(3000);
});
