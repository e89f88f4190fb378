/** Keys that the image trusts for updates against those that the maker declares: absence only where nothing else explains it. */
import { expect, test } from 'vitest';
import type { Fact } from '../../../../src/core/model/fact.ts';
import { declaredKey, updateTrustedKey } from '../../../../src/facts/index.ts';
import { declaredTrustedKeys } from '../../../../src/plugins/derivers/index.ts';
import { derive } from '../../../support/derive.ts';
import { aFact } from '../../../support/probe.ts';

const target = { kind: 'target' } as const;
const declared = (name: string, fingerprint: string, kind = 'spki'): Fact =>
  aFact(declaredKey, target, { name, kind, fingerprint });
const trusted = (fingerprint: string, more: object = {}): Fact =>
  aFact(
    updateTrustedKey,
    { kind: 'file', path: `fw!squashfs/etc/keys/${fingerprint}` },
    { tool: 'rauc', file: `/etc/keys/${fingerprint}`, type: 'RSA', fingerprint, privateInImage: false, ...more },
  );
const by = (facts: readonly Fact[], unheard: readonly string[] = []) => derive(declaredTrustedKeys, facts, unheard);

test('one that is declared agrees, another contradicts, and then no declared one may be there at all', async () => {
  expect((await by([declared('release', 'f1'), trusted('f1')])).told).toEqual([
    'undeclared true release | rauc trusts f1 in /etc/keys/f1',
    'absent true release | trusted by an update client of the image',
  ]);
  expect((await by([declared('release', 'f1'), trusted('f2', { sampleKey: 'RAUC demo' })])).told).toEqual([
    'undeclared false release | rauc trusts RAUC demo in /etc/keys/f2',
    'absent false release | update clients of the image trust other keys only',
  ]);
});
test('a declared key beside one that is trusted may lie where nobody looks', async () => {
  const { told, gaps } = await by([declared('release', 'f1'), declared('loader', 'f3'), trusted('f1')]);
  expect(told.filter((one) => one.startsWith('absent'))).toEqual([
    'absent true release | trusted by an update client of the image',
  ]);
  expect(gaps).toEqual(['loader is declared and not where known update clients keep their keys']);
});
test('an authority may have issued the certificate that is declared', async () => {
  const facts = [declared('release', 'f1', 'certificate'), trusted('f2', { expires: '2040-01-01T00:00:00Z' })];
  const { told, gaps } = await by(facts);
  expect([told, gaps]).toEqual([[], ['/etc/keys/f2: whether this certificate issued a declared one cannot be told']]);
});
test('nothing is absent where not all was seen, where no key was found, or where none is declared', async () => {
  expect((await by([declared('release', 'f1'), trusted('f2')], ['update.trusted-key'])).told).toEqual([
    'undeclared false release | rauc trusts f2 in /etc/keys/f2',
  ]);
  expect(await by([declared('release', 'f1')])).toMatchObject({ told: [], gaps: [] });
  expect(await by([trusted('f2')])).toMatchObject({ told: [], gaps: [] });
});
