/** The way an update comes, against servers of its own on loopback. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Unseen } from '../../../src/core/model/fact.ts';
import type { InspectorContext } from '../../../src/core/model/gatherer.ts';
import { createDialer } from '../../../src/core/network/dialer.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { updatesTransport } from '../../../src/plugins/inspectors/updates/transport.ts';
import { SETTINGS, viewOf } from '../../support/probe.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function look(updateUrl?: string): Promise<{ facts: unknown[]; gaps: Unseen[] }> {
  const [facts, gaps]: [unknown[], Unseen[]] = [[], []];
  const context = {
    facts: viewOf([]),
    signal: new AbortController().signal,
    settings: { ...SETTINGS, ...(updateUrl === undefined ? {} : { updateUrl }) },
    artefact: memoryBlob(new Uint8Array(1)),
    dial: createDialer({ hosts: ['127.0.0.1'], pace: 'fast', authorized: false }),
    emit: (_type: unknown, data: unknown) => facts.push(data),
    gap: (unseen: Unseen) => gaps.push(unseen),
  } as unknown as InspectorContext;
  await updatesTransport.observe({ kind: 'update', update: 'fw.bin' }, context);
  return { facts, gaps };
}

test('plain http is told with status and size', async () => {
  const at = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '1234' });
    response.end();
  });
  const url = `http://${at}/fw.bin`;
  expect((await look(url)).facts).toEqual([{ url, scheme: 'http', redirectsToHttp: false, status: 200, size: 1234 }]);
});

test('a redirect to http is told and never followed to another host', async () => {
  const asked: string[] = [];
  const at = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: 'http://203.0.113.9/fw.bin' });
    response.end();
  });
  expect((await look(`http://${at}/start`)).facts[0]).toMatchObject({ redirectsToHttp: true, status: 302 });
  expect(asked).toEqual(['/start']);
});

test('a loop of redirects ends', async () => {
  const at = await serve((request, response) => {
    response.writeHead(302, { location: request.url ?? '/' });
    response.end();
  });
  expect((await look(`http://${at}/loop`)).facts[0]).toMatchObject({ status: 302 });
});

test('http that does not answer is http all the same; another scheme is neither', async () => {
  expect((await look('http://127.0.0.1:9/fw')).facts[0]).toMatchObject({ scheme: 'http' });
  expect((await look('ftp://127.0.0.1/fw')).facts[0]).toMatchObject({ scheme: 'other' });
});

test('a host that was not named is not contacted', async () => {
  const { facts, gaps } = await look('https://127.0.0.2:9/fw');
  expect(facts).toEqual([]);
  expect(gaps).toMatchObject([{ kind: 'not-given', flag: '--update-url' }]);
});

test('without a URL the gap names the flag', async () => {
  expect((await look()).gaps).toMatchObject([{ kind: 'not-given', flag: '--update-url' }]);
});
