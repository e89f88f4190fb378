/** Property tests. Under mutation testing they draw the same cases in every run: their names carry the seed, and tests are found by name. */
import { fc, test } from '@fast-check/vitest';

if (process.env['ASSAY_FEW_RUNS'] !== undefined) fc.configureGlobal({ seed: 645, numRuns: 20 });

export { fc, test as property };
