/** The HTTP probes against servers of Node's own, and scripted ones that break the rules. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Probe } from '../../../../src/core/model/gatherer.ts';
import {
  cwmpAccess,
  httpAuthentication,
  httpCookie,
  httpCors,
  httpDirectoryListing,
  httpExposedPath,
  httpHeaders,
  httpHnap,
  httpMethod,
  httpService,
  netService,
  upnpDevice,
} from '../../../../src/facts/index.ts';
import { httpAuthenticationProbe } from '../../../../src/plugins/probes/http/authentication.ts';
import { httpCookies } from '../../../../src/plugins/probes/http/cookies.ts';
import { httpCorsProbe } from '../../../../src/plugins/probes/http/cors.ts';
import { httpCwmp } from '../../../../src/plugins/probes/http/cwmp.ts';
import { httpDirectoryListings } from '../../../../src/plugins/probes/http/directory-listing.ts';
import { httpExposedPaths } from '../../../../src/plugins/probes/http/exposed-paths.ts';
import { httpHeadersProbe } from '../../../../src/plugins/probes/http/headers.ts';
import { httpHnapProbe } from '../../../../src/plugins/probes/http/hnap.ts';
import { httpMethods } from '../../../../src/plugins/probes/http/methods.ts';
import { httpServiceProbe } from '../../../../src/plugins/probes/http/service.ts';
import { httpUpnp } from '../../../../src/plugins/probes/http/upnp.ts';
import { loopback } from '../../../support/door.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
async function serve(handler: Handler): Promise<number> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const look = (probe: Probe, port: number, protocol: 'http' | 'cwmp' = 'http'): Promise<Run> =>
  runProbe(probe, {
    known: [aFact(netService, endpoint(port), { protocol, transport: 'tcp', tls: false })],
    dial: loopback(),
  });

describe('http/service', () => {
  test('content is told with title and server', async () => {
    const port = await serve((_, response) =>
      response.setHeader('Server', 'lighttpd/1.4.35').end('<title>Camera</title>'),
    );
    expect((await look(httpServiceProbe, port)).of(httpService)).toEqual([
      {
        scheme: 'http',
        status: 200,
        servesContent: true,
        redirectsToHttps: false,
        server: 'lighttpd/1.4.35',
        title: 'Camera',
      },
    ]);
  });
  test.each([
    [
      'every page leads to https on the host',
      () => 'https://127.0.0.1/',
      { servesContent: false, redirectsToHttps: true },
    ],
    [
      'only / does',
      (path: string) => (path === '/' ? 'https://127.0.0.1/' : undefined),
      { servesContent: true, redirectsToHttps: false },
    ],
    ['it leads to another host', () => 'https://vendor.example/', { servesContent: true, redirectsToHttps: false }],
    ['it leads to plain HTTP', () => 'http://127.0.0.1/login', { servesContent: true, redirectsToHttps: false }],
  ])('a redirect: %s', async (_name, location, expected) => {
    const port = await serve((request, response) => {
      const to = location(request.url ?? '');
      if (to === undefined) response.end('page');
      else response.writeHead(301, { Location: to }).end();
    });
    expect((await look(httpServiceProbe, port)).of(httpService)).toMatchObject([expected]);
  });
});

describe('UPnP', () => {
  const description = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><manufacturer>ACME</manufacturer>
    <modelName>R1</modelName><serialNumber>42</serialNumber><serviceList><service>
    <serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><SCPDURL>/wan.xml</SCPDURL></service></serviceList></device></root>`;
  const handler: Handler = (request, response) => {
    if (request.method !== 'GET') throw new Error('an action was called');
    if (request.url === '/rootDesc.xml') response.end(description);
    else if (request.url === '/wan.xml')
      response.end('<scpd><actionList><action><name>AddPortMapping</name></action></actionList></scpd>');
    else response.writeHead(404).end('no');
  };
  test('a server of the description alone is no HTTP service', async () => {
    expect((await look(httpServiceProbe, await serve(handler))).of(httpService)).toMatchObject([
      { servesContent: false },
    ]);
  });
  test('actions are listed and never called', async () => {
    expect((await look(httpUpnp, await serve(handler))).of(upnpDevice)).toEqual([
      {
        manufacturer: 'ACME',
        model: 'R1',
        serialDisclosed: true,
        services: ['urn:schemas-upnp-org:service:WANIPConnection:1'],
        portMapping: true,
        actions: ['AddPortMapping'],
      },
    ]);
  });
});

describe('http/authentication', () => {
  test.each([
    ['Basic realm="camera"', [{ scheme: 'basic', realm: 'camera' }]],
    ['Digest realm="x, y", nonce="1", algorithm=SHA-256', [{ scheme: 'digest', realm: 'x, y', algorithm: 'SHA-256' }]],
    ['Digest realm="x", nonce="1", Basic realm="x"', [{ scheme: 'digest', algorithm: 'MD5' }, { scheme: 'basic' }]],
    ['Odd', [{ scheme: 'other' }]],
  ])('%s', async (challenge, expected) => {
    const port = await serve((_, response) => response.writeHead(401, { 'WWW-Authenticate': challenge }).end());
    expect((await look(httpAuthenticationProbe, port)).of(httpAuthentication)).toMatchObject(expected);
  });
  test('a form behind a redirect and a meta refresh is found; without one there is none', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { Location: '/start' }).end();
      else if (request.url === '/start') response.end('<meta http-equiv="refresh" content="0; url=login.html">');
      else response.end('<form><input name=u><input type="password" name=p></form>');
    });
    expect((await look(httpAuthenticationProbe, port)).of(httpAuthentication)).toEqual([
      { scheme: 'form', path: '/login.html', encrypted: false },
    ]);
    const open = await serve((_, response) => response.end('<h1>settings</h1>'));
    expect((await look(httpAuthenticationProbe, open)).of(httpAuthentication)).toEqual([
      { scheme: 'none', path: '/', encrypted: false },
    ]);
  });
  test('a redirect that goes round ends; one that never ends is a gap', async () => {
    const round = await serve((request, response) =>
      response.writeHead(302, { Location: request.url === '/' ? '/a' : '/' }).end(),
    );
    expect((await look(httpAuthenticationProbe, round)).facts).toEqual([]);
    let count = 0;
    const endless = await serve((_, response) => response.writeHead(302, { Location: `/${++count}` }).end());
    expect((await look(httpAuthenticationProbe, endless)).gaps).toMatchObject([{ unseen: { kind: 'over-budget' } }]);
  });
});

test('headers and cookies of the page are told, never their values', async () => {
  const port = await serve((_, response) =>
    response
      .writeHead(200, {
        'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
        'Content-Security-Policy': "frame-ancestors 'none'",
        'X-Content-Type-Options': 'nosniff',
        'Set-Cookie': ['SESSIONID=secret; HttpOnly; SameSite=Lax', 'lang=en; Secure'],
      })
      .end('x'),
  );
  expect((await look(httpHeadersProbe, port)).of(httpHeaders)).toEqual([
    {
      scheme: 'http',
      hsts: true,
      hstsSeconds: 63_072_000,
      contentSecurityPolicy: true,
      frameProtection: true,
      noSniff: true,
      referrerPolicy: false,
    },
  ]);
  const cookies = await look(httpCookies, port);
  expect(cookies.of(httpCookie)).toEqual([
    { name: 'SESSIONID', session: true, secure: false, httpOnly: true, sameSite: 'lax', encrypted: false },
    { name: 'lang', session: false, secure: true, httpOnly: false, sameSite: 'absent', encrypted: false },
  ]);
  expect(JSON.stringify(cookies.facts)).not.toContain('secret');
});

describe('http/exposed-paths', () => {
  test('a served path is told; every other is told as not served', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/.git/HEAD') response.end('ref: refs/heads/master');
      else response.writeHead(404).end('no');
    });
    const run = await look(httpExposedPaths, port);
    expect(run.of(httpExposedPath).filter(({ served }) => served)).toMatchObject([
      { path: '/.git/HEAD', kind: 'source' },
    ]);
    expect(run.of(httpExposedPath).length).toBeGreaterThan(30);
  });
  test.each([
    [
      'the same page for every path',
      (path: string) => `<html><p>Not found: ${path}</p> sorry ${'words '.repeat(50)}</html>`,
    ],
    ['a login page for every path that exists', () => '<form><input type="password" name="config"></form>'],
  ])('%s is no exposure', async (_name, page) => {
    const exists = _name.includes('exists');
    const port = await serve((request, response) => {
      if (exists && /[0-9a-f]{18}/.test(request.url ?? '')) response.writeHead(404).end();
      else response.end(page(request.url ?? ''));
    });
    expect((await look(httpExposedPaths, port)).of(httpExposedPath).filter(({ served }) => served)).toEqual([]);
  });
});

test('directory listings, methods, foreign origins and hosts', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/js/') response.end('<html><head><title>Index of /js/</title></head></html>');
    else if (request.method === 'TRACE')
      response.end(`TRACE / HTTP/1.1\r\nX-Assay: ${String(request.headers['x-assay'])}`);
    else if (request.method === 'OPTIONS') response.writeHead(200, { Allow: 'GET, PUT' }).end();
    else if (request.url === '/')
      response
        .writeHead(200, {
          'Access-Control-Allow-Origin': request.headers.origin ?? '*',
          'Access-Control-Allow-Credentials': 'true',
        })
        .end('page');
    else response.writeHead(404).end();
  });
  const listings = (await look(httpDirectoryListings, port)).of(httpDirectoryListing);
  expect(listings.filter(({ listed }) => listed)).toEqual([{ path: '/js/', listed: true }]);
  expect((await look(httpMethods, port)).of(httpMethod).map(({ method, allowed }) => [method, allowed])).toEqual([
    ['TRACE', true],
    ['PUT', true],
    ['DELETE', false],
    ['PROPFIND', false],
  ]);
  expect((await look(httpCorsProbe, port)).of(httpCors)).toEqual([
    { reflectsOrigin: true, withCredentials: true, foreignHostServed: true },
  ]);
});

test('HNAP and TR-069', async () => {
  const port = await serve((request, response) =>
    request.url === '/HNAP1/'
      ? response.end(
          '<GetDeviceSettingsResponse><ModelName>DIR-1</ModelName><string>http://purenetworks.com/HNAP1/Reboot</string>',
        )
      : response.writeHead(401, { 'WWW-Authenticate': 'Digest realm="cwmp"' }).end(),
  );
  expect((await look(httpHnapProbe, port)).of(httpHnap)).toEqual([
    { answers: true, model: 'DIR-1', actions: ['Reboot'] },
  ]);
  expect((await look(httpCwmp, port, 'cwmp')).of(cwmpAccess)).toEqual([
    { authenticated: true, status: 401, scheme: 'digest' },
  ]);
});

test.concurrent.each(
  [httpServiceProbe, httpMethods].flatMap((probe) =>
    ['says nothing', 'closes at once', 'sends an endless banner', 'sends noise'].map(
      (what) => [probe.id, what, probe] as const,
    ),
  ),
)(
  '%s: a peer that %s leaves a gap and no fact',
  async (_id, what, probe) => {
    const peer = await listen(ODD_PEERS[what]!);
    const run = await look(probe, peer.port);
    expect(run.facts).toEqual([]);
    expect(run.gaps.length).toBeGreaterThan(0);
    expect(run.gaps.every(({ unseen }) => unseen.kind !== 'bug')).toBe(true);
    await peer.stop();
  },
  30_000,
);
