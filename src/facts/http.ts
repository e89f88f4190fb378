/** Facts about HTTP servers and what they serve. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const httpService = defineFact({
  name: 'http.service',
  title: 'What an HTTP server answers to a first request',
  over: 'tcp',
  schema: object({
    scheme: oneOf(['http', 'https']),
    status: whole(),
    servesContent: yes('It answers something other than a redirect to https on the same host or the UPnP description.'),
    redirectsToHttps: yes(),
    location: maybe(text()),
    server: maybe(text()),
    poweredBy: maybe(text()),
    title: maybe(text()),
    oddities: maybe(list(text())),
  }),
});

export const httpAuthentication = defineFact({
  name: 'http.authentication',
  title: 'How an HTTP server asks for a login',
  over: 'tcp',
  schema: object({
    scheme: oneOf(['none', 'basic', 'digest', 'form', 'bearer', 'other']),
    path: text(),
    realm: maybe(text()),
    algorithm: maybe(text('Of digest: MD5, SHA-256 …')),
    encrypted: yes('Asked inside TLS.'),
  }),
});

export const httpHeaders = defineFact({
  name: 'http.headers',
  title: 'Security headers of the first page',
  over: 'tcp',
  schema: object({
    scheme: oneOf(['http', 'https']),
    hsts: yes(),
    hstsSeconds: whole('max-age; 0 when absent.'),
    contentSecurityPolicy: yes(),
    frameProtection: yes('frame-ancestors or X-Frame-Options.'),
    noSniff: yes(),
    referrerPolicy: yes(),
  }),
});

export const httpCookie = defineFact({
  name: 'http.cookie',
  title: 'A cookie that an HTTP server sets',
  over: 'tcp',
  schema: object({
    name: text(),
    session: yes('It looks like a session cookie.'),
    encrypted: yes('Set inside TLS.'),
    secure: yes(),
    httpOnly: yes(),
    sameSite: oneOf(['strict', 'lax', 'none', 'absent']),
  }),
});

export const httpExposedPath = defineFact({
  name: 'http.exposed-path',
  title: 'A sensitive path tried without login, and whether it is served',
  over: 'tcp',
  schema: object({
    path: text(),
    kind: oneOf(['configuration', 'backup', 'source', 'debug', 'update', 'information', 'page']),
    served: yes('Answered with content that a random path of the same kind does not get.'),
    status: whole(),
    size: count(),
  }),
});

export const httpDirectoryListing = defineFact({
  name: 'http.directory-listing',
  title: 'Whether a directory is listed',
  over: 'tcp',
  schema: object({ path: text(), listed: yes() }),
});

export const httpMethod = defineFact({
  name: 'http.method',
  title: 'A risky method that an HTTP server takes',
  over: 'tcp',
  schema: object({ method: text(), allowed: yes(), how: text() }),
});

export const httpCors = defineFact({
  name: 'http.cors',
  title: 'How an HTTP server treats foreign origins and hosts',
  over: 'tcp',
  schema: object({
    reflectsOrigin: yes(),
    withCredentials: yes(),
    foreignHostServed: yes('A request with a foreign Host header is served as usual (DNS rebinding).'),
  }),
});

export const upnpDevice = defineFact({
  name: 'upnp.device',
  title: 'What a UPnP description tells',
  over: 'endpoint',
  schema: object({
    manufacturer: maybe(text()),
    model: maybe(text()),
    serialDisclosed: yes(),
    services: list(text()),
    portMapping: yes('An IGD that offers AddPortMapping.'),
    actions: list(text('SOAP actions, listed and never called.')),
  }),
});

export const httpHnap = defineFact({
  name: 'http.hnap',
  title: 'Whether HNAP answers without login',
  over: 'tcp',
  schema: object({ answers: yes(), model: maybe(text()), actions: list(text()) }),
});
