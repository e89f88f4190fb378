/** The tables of keys whose private halves are public, as verifiers need them. */
import type { Library } from '../core/baseline/library.ts';
import { sampleKeysOf, sampleNamesOf, samplesOf, type VerifyOptions } from '../core/updates/verify.ts';

export function sampleKeyTables(
  { assets }: Pick<Library, 'assets'>,
  knowledge: (id: string) => unknown,
): Required<Pick<VerifyOptions, 'sampleKeys' | 'samples'>> {
  const table = (id: string): unknown =>
    assets.some((one) => one.kind === 'knowledge' && one.id === id) ? knowledge(id) : {};
  const samples = table('sample-keys');
  return {
    sampleKeys: { ...sampleKeysOf(table('known-keys')), ...sampleNamesOf(samples) },
    samples: samplesOf(samples),
  };
}
