/** The way an update comes, against servers of its own on loopback. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Unseen } from '../../../src/core/model/fact.ts';
import type { InspectorContext } from '../../../src/core/model/gatherer.ts';
import { createDialer } from '../../../src/core/network/dialer.ts';
import { makeIdentity } from '../../../src/demo/certificates.ts';
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

async function look(updateUrl?: string, authority?: string): Promise<{ facts: unknown[]; gaps: Unseen[] }> {
  const [facts, gaps]: [unknown[], Unseen[]] = [[], []];
  const context = {
    facts: viewOf([]),
    signal: new AbortController().signal,
    settings: {
      ...SETTINGS,
      now: new Date().toISOString(),
      authorities: authority === undefined ? [] : [new Uint8Array(Buffer.from(authority))],
      ...(updateUrl === undefined ? {} : { updateUrl }),
    },
    artefact: memoryBlob(new Uint8Array(1)),
    dial: createDialer({ hosts: ['127.0.0.1', 'localhost'], pace: 'fast', authorized: false }),
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
  const { facts, gaps } = await look(`http://${at}/loop`);
  expect(facts[0]).toMatchObject({ status: 302 });
  expect(gaps).toMatchObject([{ kind: 'over-budget' }]);
});

describe('what is at the address', () => {
  const manifest = (body: string, type = 'application/json') =>
    serve((request, response) => {
      response.writeHead(200, { 'content-type': type, ...(request.method === 'HEAD' ? {} : { 'x-asked': 'get' }) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  test.each<readonly [string, string, object]>([
    [
      'an image over http',
      '{"version":"2","url":"http://cdn.vendor.com/fw-2.bin"}',
      { namesHttp: true, names: 'http://cdn.vendor.com/fw-2.bin' },
    ],
    [
      'with escaped slashes',
      '{"fw":"http:\\/\\/cdn.vendor.com\\/fw-2.bin"}',
      { namesHttp: true, names: 'http://cdn.vendor.com/fw-2.bin' },
    ],
    ['by the word alone', '<update><location>http://cdn.vendor.com/get?id=4</location></update>', { namesHttp: true }],
    [
      'an image over https',
      '{"url":"https://cdn.vendor.com/fw-2.bin","home":"http://www.vendor.com"}',
      { namesHttp: false },
    ],
  ])('a manifest that names %s', async (_what, body, told) => {
    const { facts, gaps } = await look(`http://${await manifest(body)}/latest`);
    expect(facts[0]).toMatchObject({ scheme: 'http', ...told });
    expect(gaps).toEqual([]);
  });

  test('schemas and home pages are no updates, and a picture is no manifest', async () => {
    const schema = '<a xmlns="http://www.w3.org/2000/svg"><b>http://www.vendor.com/about</b></a>';
    expect((await look(`http://${await manifest(schema, 'text/xml')}/x`)).facts[0]).not.toHaveProperty('namesHttp');
    const image = await manifest('{"url":"http://a.com/b.bin"}', 'application/octet-stream');
    expect((await look(`http://${image}/x`)).facts[0]).not.toHaveProperty('namesHttp');
  });

  test('a manifest without end is read for so long, and that is told', async () => {
    const at = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      if (request.method === 'HEAD') response.end();
      else {
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      }
    });
    const { facts, gaps } = await look(`http://${at}/endless`);
    expect(facts).toHaveLength(1);
    expect(gaps).toMatchObject([{ kind: 'over-budget' }]);
  });

  test.each([404, 500])('an answer of %i leaves open how the update comes', async (status) => {
    const at = await serve((_request, response) => response.writeHead(status).end());
    const { facts, gaps } = await look(`http://${at}/gone`);
    expect(facts[0]).toMatchObject({ status });
    expect(gaps).toMatchObject([{ kind: 'unreadable' }]);
  });

  test('a server that knows no HEAD is asked by GET', async () => {
    const at = await serve((request, response) => {
      response.writeHead(request.method === 'HEAD' ? 405 : 200, { 'content-type': 'text/plain' });
      response.end(request.method === 'HEAD' ? undefined : 'file=http://cdn.vendor.com/a.img');
    });
    expect((await look(`http://${at}/x`)).facts[0]).toMatchObject({ namesHttp: true });
  });
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

describe('https', () => {
  const secured = async (listener: RequestListener, options: ServerOptions): Promise<string> => {
    const server = createSecureServer(options, listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const identity = makeIdentity(new Date());
  const served = async (options: ServerOptions = {}): Promise<string> => {
    const { key, certificate } = await identity;
    const listener: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': '99', etag: '"v1"' });
      response.end();
    };
    return secured(listener, { key, cert: certificate, ...options });
  };

  test('a certificate by an authority that was given is trusted; version, size and ETag are told', async () => {
    const url = `https://${await served()}/fw.bin`;
    expect((await look(url, (await identity).authority)).facts).toEqual([
      {
        url,
        scheme: 'https',
        redirectsToHttp: false,
        certificateTrusted: true,
        tlsVersion: 'TLSv1.3',
        status: 200,
        size: 99,
        etag: '"v1"',
      },
    ]);
  });

  test('one by an authority that nobody knows, and one that signed itself, are not', async () => {
    const at = await served();
    expect((await look(`https://${at}/fw.bin`)).facts[0]).toMatchObject({ certificateTrusted: false });
    const other = await makeIdentity(new Date());
    expect((await look(`https://${at}/fw.bin`, other.authority)).facts[0]).toMatchObject({ certificateTrusted: false });
  });

  test('one that has expired is not, although its authority was given', async () => {
    const { authority } = await identity;
    const late = await makeIdentity(new Date(Date.now() - 3 * 365 * 86_400_000));
    const expired = await served({ key: late.key, cert: late.certificate });
    expect((await look(`https://${expired}/fw.bin`, late.authority)).facts[0]).toMatchObject({
      certificateTrusted: false,
    });
    expect((await look(`https://${await served()}/fw.bin`, authority)).facts[0]).toMatchObject({
      certificateTrusted: true,
    });
  });

  test('TLS 1.0 is told as what was agreed on', async () => {
    const at = await served({ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' });
    expect((await look(`https://${at}/fw.bin`)).facts[0]).toMatchObject({ scheme: 'https', tlsVersion: 'TLSv1' });
  });

  test('a redirect to http on the same host is followed and told; one to another host is told and left open', async () => {
    const plain = await serve((_request, response) => response.writeHead(200, { 'content-length': '5' }).end());
    const { key, certificate } = await identity;
    const down = await secured(
      (_request, response) => response.writeHead(302, { location: `http://${plain}/x` }).end(),
      {
        key,
        cert: certificate,
      },
    );
    expect((await look(`https://${down}/fw`)).facts[0]).toMatchObject({ redirectsToHttp: true, status: 200, size: 5 });
    const away = await secured(
      (_request, response) => response.writeHead(302, { location: 'https://cdn.example.org/fw' }).end(),
      { key, cert: certificate },
    );
    const { facts, gaps } = await look(`https://${away}/fw`);
    expect(facts[0]).toMatchObject({ redirectsToHttp: false, leadsTo: 'cdn.example.org', status: 302 });
    expect(gaps).toMatchObject([{ kind: 'denied' }]);
  });

  test('a server that speaks no TLS is a fault, not a fact', async () => {
    const plain = await serve((_request, response) => response.end());
    await expect(look(`https://${plain}/fw`)).rejects.toThrow();
  });
});
