/** A device that dies while it is scanned: what was not seen stays open, the death is told, and nothing passes that did not before. */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fact, Gap } from '../../src/core/model/fact.ts';
import type { Report } from '../../src/core/model/report.ts';
import { assay, type Desk, desk } from '../support/cli.ts';

/** Nobody else listens there. */
const HOST = '127.0.78.9';

let at: Desk;
beforeAll(() => {
  at = desk();
});
afterAll(() => at.clear());

const PAGE =
  '<html><title>Camera</title><form method="post" action="/login"><input name="user"><input type="password" name="word"></form></html>';

/** A web server that answers so many requests, and then takes no connection any more. */
async function camera(requests: number): Promise<() => void> {
  const sockets = new Set<Socket>();
  let left = requests;
  const die = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    socket.once('data', (bytes) => {
      left -= 1;
      if (left < 0) {
        die();
        return;
      }
      const found = /^GET \/ /.test(bytes.toString('latin1'));
      const body = found ? PAGE : 'no such page';
      const head = `HTTP/1.1 ${found ? '200 OK' : '404 Not Found'}\r\nServer: camera/1.0\r\nContent-Type: text/html\r\n`;
      socket.end(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(8080, HOST, resolve));
  return die;
}

interface Scanned {
  readonly code: number;
  readonly report: Report;
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
}

async function scan(requests: number): Promise<Scanned> {
  const stop = await camera(requests);
  const [out, file] = [at.path(`dossier-${requests}`), at.path(`report-${requests}.json`)];
  const argv = ['scan', '--device', HOST, '--ports', 'all', '--out', out, '--quiet'];
  const { code, err } = await assay([...argv, '--report', `json=${file}`]);
  stop();
  expect(err).not.toMatch(/a bug in assay/);
  const lines = <T>(name: string): readonly T[] =>
    readFileSync(`${out}/${name}.jsonl`, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  return { code, report: JSON.parse(readFileSync(file, 'utf8')) as Report, facts: lines('facts'), gaps: lines('gaps') };
}

const outcomes = ({ report }: Scanned, outcome: string): readonly string[] =>
  report.checks.filter((check) => check.outcome === outcome).map(({ key }) => key);
const health = ({ facts }: Scanned): unknown => facts.find(({ type }) => type === 'net.health')?.data;
/** Fact types that were planned and not seen. */
const open = ({ gaps }: Scanned): ReadonlySet<string> =>
  new Set(gaps.filter(({ unseen }) => unseen.kind !== 'not-given').flatMap(({ facts }) => facts));

test('while it lives it is told to live', async () => {
  const alive = await scan(Number.POSITIVE_INFINITY);
  expect(health(alive)).toMatchObject({ alive: true });
  expect(outcomes(alive, 'pass')).toContain('services/alive-after-probing');
}, 120_000);

test.each([3, 20])(
  'after %d requests',
  async (requests) => {
    const dead = await scan(requests);
    expect(health(dead)).toMatchObject({ alive: false });
    expect(dead.code).toBe(1);
    expect([...open(dead)]).toEqual(expect.arrayContaining(['http.exposed-path', 'login.surface']));
    expect(outcomes(dead, 'fail')).toContain('services/alive-after-probing');
    // That a service is not there may have been seen; nothing that the dead server would have shown passes.
    expect(outcomes(dead, 'pass').filter((key) => !key.startsWith('services/no-'))).toEqual([]);
  },
  120_000,
);
