/** A run that is recorded is played back without its device, to the same dossier. */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { startDevice } from '../../src/demo/device.ts';
import { assay, desk } from '../support/cli.ts';

const place = desk();
afterAll(() => place.clear());

/** What a dossier says, without when; in a fixed order, as probes run side by side. */
const told = (folder: string, file: string): readonly unknown[] =>
  readFileSync(`${folder}/${file}`, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ ...(JSON.parse(line) as object), observedAt: '', evidence: [] }))
    .map((one) => JSON.stringify(one))
    .sort((a, b) => (a < b ? -1 : 1));

test('the same command with --replay in place of --record gives the same facts and gaps', async () => {
  const device = await startDevice({
    hardened: true,
    identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
    now: new Date(),
  });
  const ports = Object.values(device.ports).join(',');
  const look = ['gather', '--device', '127.0.0.1', '--ports', ports, '--intrusive', '--quiet'];
  const file = place.path('transcript.jsonl');
  const live = await assay([...look, '--out', place.path('live'), '--record', file]);
  await device.stop();
  const played = await assay([...look, '--out', place.path('played'), '--replay', file]);
  expect(played).toEqual(live);
  expect(told(place.path('live'), 'facts.jsonl').length).toBeGreaterThan(100);
  for (const part of ['facts.jsonl', 'gaps.jsonl'])
    expect(told(place.path('played'), part)).toEqual(told(place.path('live'), part));
  // It holds all that was said: nobody else may read it.
  expect(statSync(file).mode & 0o077).toBe(0);
}, 120_000);

test.each([
  ['is not there', 'absent', undefined, 'absent'],
  ['is no recording', 'other.json', '{"schema":"assay/dossier/1"}\n', 'no recording'],
  ['is no JSON', 'text', 'hello\n', 'no line of a recording'],
  ['is empty', 'empty', '', 'no recording'],
])('a file that %s is told in one line', async (_what, name, content, word) => {
  const file = content === undefined ? place.path(name) : place.file(name, content);
  const said = await assay(['gather', '--device', '127.0.0.1', '--out', place.path('x'), '--replay', file]);
  expect(said.code).toBe(2);
  expect(said.err).toContain(word);
});

test('a file can not be recorded and played at once, and one in no folder can not be written', async () => {
  const look = ['gather', '--device', '127.0.0.1', '--out', place.path('x')];
  expect(await assay([...look, '--record', 'a', '--replay', 'b'])).toMatchObject({ code: 2 });
  const said = await assay([...look, '--record', place.path('no/where')]);
  expect(said).toMatchObject({ code: 2 });
  expect(said.err).toContain('there is no such folder');
});
