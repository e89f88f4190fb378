/** Which pairs are tried first: those of the maker that a device names, and no others'. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { netService } from '../../../../src/facts/index.ts';
import { choosePairs, type KnownLogins } from '../../../../src/plugins/probes/credentials/pairs.ts';
import { aFact, endpoint, viewOf } from '../../../support/probe.ts';

const table = parse(readFileSync('baselines/knowledge/default-credentials.yaml', 'utf8')) as KnownLogins;
const chosen = (banner: string, protocol = 'http-basic'): readonly string[] => {
  const at = endpoint(80);
  const facts = viewOf([aFact(netService, at, { protocol: 'http', transport: 'tcp', tls: false, banner })]);
  return choosePairs(table, facts, { endpoint: at, protocol, budget: 3 }).map(
    ({ account, password }) => `${account}:${password}`,
  );
};

test.each([
  ['Teltonika RUT240', 'admin:admin01'],
  ['DIR-600 Ver 2.11', 'admin:admin'],
  ['SMA Sunny WebBox', ':sma'],
  ['ZTE F660', 'root:Zte521'],
])('a device that says "%s" is tried with %s before the general pairs end', (banner, pair) => {
  expect(chosen(banner)).toContain(pair);
});

test('words that hold a short name are not that name', () => {
  expect(chosen('smart plasma camera')).toEqual(chosen('a camera'));
});

test('each maker stands once, has pairs, and no pair twice', () => {
  const names = table.makers.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(150);
  for (const { name, match, pairs } of table.makers) {
    expect(
      match.every((word) => word === word.toLowerCase() && word.length > 2),
      name,
    ).toBe(true);
    expect(new Set(pairs.map((pair) => JSON.stringify(pair))).size, name).toBe(pairs.length);
    expect(pairs.length, name).toBeGreaterThan(0);
  }
});

test('shells have the pairs of published worms, web pages those of web pages', () => {
  expect(chosen('', 'telnet')).toContain('root:xc3511');
  expect(chosen('')).not.toContain('root:xc3511');
});
