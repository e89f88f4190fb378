/** A key on the wire that lies in the image is told with the server that the image's settings give it to. */
import { expect, test } from 'vitest';
import type { Fact } from '../../../../src/core/model/fact.ts';
import { identitySameBuild, keyPrivate, sshHostKey } from '../../../../src/facts/index.ts';
import { keysServedFromImage } from '../../../../src/plugins/derivers/keys/served-from-image.ts';
import { derive } from '../../../support/derive.ts';
import { aFact, endpoint } from '../../../support/probe.ts';

const servedOf = async (known: readonly Fact[]) => {
  const { facts, gaps } = await derive(keysServedFromImage, known);
  return { facts: facts.map(({ data }) => data), gaps };
};

const host = aFact(sshHostKey, endpoint(22), { type: 'ssh-ed25519', bits: 256, fingerprint: 'SHA256:x', spki: 'aa' });
const inImage = (spki: string): Fact =>
  aFact(
    keyPrivate,
    { kind: 'file', path: 'fw!/etc/dropbear/key' },
    {
      file: '/etc/dropbear/key',
      format: 'dropbear',
      type: 'Ed25519',
      bits: 256,
      spki,
      encrypted: false,
      place: 'system',
      referenced: true,
      service: { daemon: 'dropbear', setting: 'default', started: 'always' },
      purpose: 'ssh-host',
      replacedAtFirstBoot: 'no',
      weaknesses: [],
      readableByOthers: 'no',
    },
  );

test('a served key of the image is told with its file and its server', async () => {
  expect((await servedOf([host, inImage('aa')])).facts).toEqual([
    { spki: 'aa', inImage: true, file: '/etc/dropbear/key', service: 'dropbear', kind: 'ssh' },
  ]);
});

test('that a key is not in the image is said of the same build only', async () => {
  const other = await servedOf([host, inImage('bb')]);
  expect(other.facts).toEqual([]);
  expect(other.gaps[0]).toMatch(/nothing shows that the device runs the image/);
  const same = aFact(identitySameBuild, { kind: 'target' }, { same: 'yes', signs: [] } as never);
  expect((await servedOf([host, inImage('bb'), same])).facts).toEqual([{ spki: 'aa', inImage: false, kind: 'ssh' }]);
});
