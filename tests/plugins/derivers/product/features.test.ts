/** Features are told by what was seen, in the very words that baselines ask for. */
import { expect, test } from 'vitest';
import { openLibrary } from '../../../../src/core/baseline/library.ts';
import type { Fact } from '../../../../src/core/model/fact.ts';
import {
  bootConsole,
  bootLoader,
  imageRoot,
  loginSurface,
  netService,
  secretWifi,
  updateClient,
} from '../../../../src/facts/index.ts';
import { productFeatures } from '../../../../src/plugins/derivers/product/features.ts';
import { featureNames } from '../../../support/coverage-page.ts';
import { words } from '../../../support/library.ts';
import { aFact, endpoint, SETTINGS, viewOf } from '../../../support/probe.ts';

async function features(known: readonly Fact[]): Promise<readonly string[]> {
  const told: { readonly name: string; readonly present: boolean }[] = [];
  await productFeatures.observe(
    { kind: 'target' },
    {
      facts: { ...viewOf(known), coverage: () => ({ complete: true, heard: [], gaps: [] }) },
      settings: SETTINGS,
      signal: new AbortController().signal,
      knowledge: () => ({}),
      emit: (type, data) => {
        told.push(data as (typeof told)[number]);
        return aFact(type, { kind: 'target' }, data);
      },
      progress: () => {},
      gap: () => {},
      keep: () => ({ sha256: '', mediaType: '', size: 0 }),
    },
  );
  expect(told.filter(({ present }) => !present)).toEqual([]);
  return told.map(({ name }) => name);
}

const target = { kind: 'target' } as const;
const service = (protocol: 'http' | 'mqtt' | 'ssh', port: number): Fact =>
  aFact(netService, endpoint(port), { protocol, transport: 'tcp', tls: false });
const everything: readonly Fact[] = [
  service('http', 80),
  service('mqtt', 1883),
  service('ssh', 22),
  aFact(loginSurface, endpoint(80), { protocol: 'http-form', encrypted: false }),
  aFact(imageRoot, target, { path: 'fw.bin!squashfs', files: 100, keepsModes: true }),
  aFact(bootConsole, target, {
    device: 'ttyS0',
    serial: true,
    program: 'getty',
    login: 'password',
    started: 'always',
    file: '/etc/inittab',
    line: 1,
  }),
  aFact(bootLoader, target, { name: 'u-boot', file: 'fw.bin', verifies: 'unknown' }),
  aFact(secretWifi, target, {
    role: 'access-point',
    file: '/etc/hostapd.conf',
    line: 1,
    security: 'wpa2',
    placeholder: true,
  }),
  aFact(updateClient, target, { tool: 'opkg', file: '/etc/opkg.conf', transport: 'http', signatureCheck: 'on' }),
];

test('nothing seen tells no feature, present or absent', async () => {
  expect(await features([])).toEqual([]);
});

test('a login tells that passwords are used, by the words of each standard', async () => {
  const names = await features(everything.filter(({ type }) => type === loginSurface.name));
  expect(names).toEqual(expect.arrayContaining(['login', 'password', 'passwords-used', 'passwords-used-user-or-m2m']));
  expect(names).not.toContain('ip');
});

test('every feature that can be told is one that a baseline asks for', async () => {
  const library = await openLibrary(words);
  const shipped = library.assets.filter(({ kind }) => kind === 'baseline');
  const baselines = await Promise.all(shipped.map(({ id, version }) => library.baseline(`${id}@${version}`)));
  const asked = new Set(baselines.flatMap(({ controls }) => controls.flatMap(({ applies }) => featureNames(applies))));
  const told = await features(everything);
  expect(told.length).toBeGreaterThan(15);
  expect(told.filter((name) => !asked.has(name))).toEqual([]);
});
