/** Ports that tell HTTP from TLS by the first byte and serve both: what is in clear is not hidden by what is not. */

import { readFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpService, netService } from '../../../../src/facts/index.ts';
import { httpBesideTls } from '../../../../src/plugins/probes/http/beside-tls.ts';
import { certificatesIn, type Issued } from '../../../support/certificates.ts';
import { type Desk, desk } from '../../../support/cli.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

let place: Desk;
let pair: Issued;
beforeAll(() => {
  place = desk();
  pair = certificatesIn(place.folder)('both');
});
afterAll(() => place.clear());

/** Looks at a port whose first byte leads to HTTPS or to what `plain` answers. */
async function look(plain: Server): Promise<Run> {
  const key = readFileSync(pair.key);
  const https = createHttps({ cert: readFileSync(pair.cert), key }, (_asked, reply) => reply.end('hello'));
  const front = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === 0x16 ? https : plain).emit('connection', socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port } = front.address() as AddressInfo;
  const known = [aFact(netService, endpoint(port), { protocol: 'http', transport: 'tcp', tls: true })];
  const run = await runProbe(httpBesideTls, { known });
  front.close();
  return run;
}

test('HTTP that is served in clear beside HTTPS is told, and logins in clear are left open', async () => {
  const run = await look(createHttp((_asked, reply) => reply.writeHead(404, { server: 'CUPS/2.4' }).end('none')));
  expect(run.of(httpService)).toEqual([
    { scheme: 'http', status: 404, servesContent: true, redirectsToHttps: false, server: 'CUPS/2.4' },
  ]);
  expect(run.gaps.flatMap(({ facts }) => facts)).toEqual(
    expect.arrayContaining(['http.authentication', 'login.surface']),
  );
});

test.each([400, 426])('a server that answers %i in clear speaks TLS alone', async (status) => {
  const run = await look(createHttp((_asked, reply) => reply.writeHead(status).end('this is an HTTPS port')));
  expect([run.facts, run.gaps]).toEqual([[], []]);
});

test('one that hangs up in clear speaks TLS alone', async () => {
  const run = await look(createHttp((asked) => asked.socket.destroy()));
  expect([run.facts, run.gaps]).toEqual([[], []]);
});

test('one that leads from everywhere to https serves nothing in clear; from the first page alone it does', async () => {
  const lead = (everywhere: boolean): Server =>
    createHttp((asked, reply) =>
      everywhere || asked.url === '/'
        ? reply.writeHead(301, { location: 'https://127.0.0.1/' }).end()
        : reply.end('page'),
    );
  const always = await look(lead(true));
  expect(always.of(httpService)).toMatchObject([{ scheme: 'http', servesContent: false, redirectsToHttps: true }]);
  expect(always.gaps).toEqual([]);
  expect((await look(lead(false))).of(httpService)).toMatchObject([{ servesContent: true, redirectsToHttps: false }]);
});

test('one that leads to https and then falls silent was not seen to serve anything', async () => {
  const run = await look(
    createHttp((asked, reply) => {
      if (asked.url === '/') reply.writeHead(301, { location: 'https://127.0.0.1/' }).end();
      else asked.socket.destroy();
    }),
  );
  expect(run.facts).toEqual([]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'closed' } }]);
});
