/** Properties draw the same cases in every run: their names carry the seed, and mutation testing finds tests by name. */
import { fc } from '@fast-check/vitest';

fc.configureGlobal({ seed: 645 });
