/** Subjects and areas: names that tell subjects apart, and which gaps leave open what. */

import { describe, expect, test } from 'vitest';
import { endpointsOf, factsAt } from '../../../src/core/model/fact.ts';
import {
  AREAS,
  type Area,
  hostInUrl,
  nameOf,
  type Subject,
  shownName,
  touches,
} from '../../../src/core/model/target.ts';
import { aFact, endpoint } from '../../support/facts.ts';
import { fc, property } from '../../support/property.ts';

describe('names', () => {
  const names: readonly [Subject, string][] = [
    [{ kind: 'target' }, 'target'],
    [{ kind: 'host', host: '192.0.2.7' }, '192.0.2.7'],
    [{ kind: 'host', host: '2001:db8::7' }, '2001:db8::7'],
    [endpoint(443, '192.0.2.7'), '192.0.2.7:443/tcp'],
    [{ kind: 'endpoint', host: '2001:db8::7', port: 53, transport: 'udp' }, '[2001:db8::7]:53/udp'],
    [{ kind: 'ports', host: '192.0.2.7', transport: 'udp', ports: '1-1024' }, '192.0.2.7:1-1024/udp'],
    [{ kind: 'ports', host: 'fe80::1', transport: 'tcp', ports: '80' }, '[fe80::1]:80/tcp'],
    [{ kind: 'image', image: 'fw.bin' }, 'fw.bin'],
    [{ kind: 'region', image: 'fw.bin', start: 512, end: 1024 }, 'fw.bin[0x200..0x400]'],
    [{ kind: 'file', path: 'fw.bin!squashfs/etc/shadow' }, 'fw.bin!squashfs/etc/shadow'],
    [{ kind: 'update', update: 'fw.raucb' }, 'fw.raucb'],
  ];
  test.each(names)('%j is %s', (subject, name) => {
    expect(nameOf(subject)).toBe(name);
  });

  test.each(names)('a person reads %j as %s too', (subject, name) => {
    expect(shownName(subject)).toBe(name);
  });

  test('of very many ranges of ports a person reads the first ones and how many ports there are', () => {
    const ports = `1-9,${Array.from({ length: 999 }, (_, at) => 20 + 2 * at).join(',')}`;
    expect(shownName({ kind: 'ports', host: '::1', transport: 'tcp', ports })).toBe(
      '[::1]:1-9,20,22,24,26,28,30,32,… (1008 ports)/tcp',
    );
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['hub.example', 'hub.example'],
    ['2001:db8::7', '[2001:db8::7]'],
    ['fe80::1%eth0', '[fe80::1]'],
    ['fe80::1%25%eth0', '[fe80::1%25]'],
  ])('%s stands in a URL as %s', (host, written) => {
    expect(hostInUrl(host)).toBe(written);
  });

  property.prop([
    fc.tuple(fc.nat(65535), fc.constantFrom('a', 'b', '::1'), fc.constantFrom('tcp', 'udp')),
    fc.tuple(fc.nat(65535), fc.constantFrom('a', 'b', '::1'), fc.constantFrom('tcp', 'udp')),
  ])('two endpoints have one name only if they are one', (a, b) => {
    const at = ([port, host, transport]: typeof a): Subject => ({ kind: 'endpoint', host, port, transport }) as Subject;
    expect(nameOf(at(a)) === nameOf(at(b))).toBe(JSON.stringify(a) === JSON.stringify(b));
  });
});

describe('areas', () => {
  const open: { readonly [A in Area]: readonly Area[] } = {
    target: AREAS,
    endpoint: ['target', 'endpoint', 'tcp', 'udp'],
    tcp: ['target', 'endpoint', 'tcp'],
    udp: ['target', 'endpoint', 'udp'],
    image: ['target', 'image', 'root-file-system'],
    'root-file-system': ['target', 'root-file-system'],
    update: ['target', 'update'],
    declaration: ['target', 'declaration'],
  };
  test.each(AREAS)('a check over %s is left open by gaps there and by no others', (over) => {
    expect(AREAS.filter((gap) => touches(gap, over))).toEqual(AREAS.filter((area) => open[over].includes(area)));
  });
});

describe('facts of endpoints', () => {
  const facts = [
    aFact('a', {}, endpoint(80)),
    aFact('a', {}, endpoint(443)),
    aFact('b', {}, endpoint(80)),
    aFact('b', {}, endpoint(80, '192.0.2.9')),
    aFact('b', {}, { kind: 'endpoint', host: '192.0.2.1', port: 80, transport: 'udp' }),
    aFact('c', {}, { kind: 'host', host: '192.0.2.1' }),
  ];
  test('each endpoint comes once, in order, and nothing else comes', () => {
    expect(endpointsOf(facts).map(nameOf)).toEqual([
      '192.0.2.1:80/tcp',
      '192.0.2.1:443/tcp',
      '192.0.2.9:80/tcp',
      '192.0.2.1:80/udp',
    ]);
  });
  test('the facts at one endpoint are those of its host, port and transport', () => {
    const [first, second, third, fourth] = endpointsOf(facts);
    expect([first, second, third, fourth].map((at) => (at ? factsAt(facts, at).map(({ type }) => type) : []))).toEqual([
      ['a', 'b'],
      ['a'],
      ['b'],
      ['b'],
    ]);
  });
});
