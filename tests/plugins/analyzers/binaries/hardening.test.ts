/** What of the ELF files of an image counts as its programs and libraries. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { binariesHardening } from '../../../../src/plugins/analyzers/binaries/hardening.ts';
import { analyze } from '../../../support/analyze.ts';

test("what Android's runtime has compiled is no program of the image", async () => {
  const elf = readFileSync('/bin/true');
  const { of } = await analyze([binariesHardening], {
    '/bin/tool': elf,
    '/app/Dream/oat/arm/Dream.odex': elf,
    '/framework/arm/boot.oat': elf,
  });
  expect(Object.fromEntries(of('binary.hardening').map((one) => [one['file'], one['counted']]))).toEqual({
    '/bin/tool': true,
    '/app/Dream/oat/arm/Dream.odex': false,
    '/framework/arm/boot.oat': false,
  });
});
