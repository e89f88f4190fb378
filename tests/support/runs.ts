/** How often a property is tried: in full, or a thirtieth under mutation testing, where each of two thousand mutants runs it. */

/** The number of runs, or a thirtieth of it when `ASSAY_FEW_RUNS` is set. */
export const runs = (count: number): number =>
  process.env['ASSAY_FEW_RUNS'] === undefined ? count : Math.ceil(count / 30);
