/** Logins of web pages that are no plain form: what can not be tried is open, and what asks for no name has one budget. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  httpAuthentication,
  httpService,
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  netService,
} from '../../../../src/facts/index.ts';
import { credentialsHttpForm } from '../../../../src/plugins/probes/credentials/http-form.ts';
import { credentialsSurfaces } from '../../../../src/plugins/probes/credentials/surfaces.ts';
import { credentialsTelnet } from '../../../../src/plugins/probes/credentials/telnet.ts';
import { httpAuthenticationProbe } from '../../../../src/plugins/probes/http/authentication.ts';
import { Accounts } from '../../../support/login-servers.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

type Answer = (
  request: IncomingMessage,
  body: string,
) => string | { readonly status: number; readonly headers: object };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(answer: Answer): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      asked.push(request.url ?? '');
      const said = answer(request, body);
      if (typeof said === 'string') response.writeHead(200, { 'content-type': 'text/html' }).end(said);
      else response.writeHead(said.status, said.headers as never).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

const FORM =
  '<form action="/login" method="post"><input name="u"><input type="password" name="p"><input type="submit"></form>';
const tryForm = (port: number, credentialTries = 3): Promise<Run> =>
  runProbe(credentialsHttpForm, {
    known: [aFact(loginSurface, endpoint(port), { protocol: 'http-form', encrypted: false, path: '/' })],
    settings: { credentials: true, credentialTries, state: 'initialised' },
  });

describe('forms that a script sends', () => {
  test.each([
    ['a handler of its own', FORM.replace('<form', '<form onsubmit="return hash(this)"')],
    [
      'a button with a handler',
      FORM.replace('<input type="submit">', '<button type="button" onclick="go()">in</button>'),
    ],
    ['a script in the page that hashes', `${FORM}<script>p.value = hex_md5(p.value)</script>`],
    ['a script beside the page that sends', `${FORM}<script src="/js/login.js"></script>`],
    ['a script from elsewhere', `${FORM}<script src="https://vendor.example/a.js"></script>`],
  ])('%s: refusals show nothing, and no login is told as refused', async (_name, page) => {
    const script = "document.forms[0].addEventListener('submit', send)";
    const { port } = await serve(({ url }) => (url === '/js/login.js' ? script : page));
    const run = await tryForm(port);
    expect(run.of(loginDefault)).toEqual([]);
    expect(run.of(loginOpen)).toEqual([]);
    expect(run.of(loginThrottling)).toEqual([]);
    expect(run.gaps).toMatchObject([
      { unseen: { kind: 'unsupported' }, facts: ['login.default', 'login.open', 'login.throttling'] },
    ]);
  });
  test('a login that is taken all the same is one', async () => {
    const page = FORM.replace('<form', '<form onsubmit="return filled(this)"');
    const { port } = await serve(({ url, headers }, body) => {
      if (url !== '/login') return headers.cookie === 's=1' ? 'status' : page;
      return new URLSearchParams(body).get('u') === 'admin' && new URLSearchParams(body).get('p') === 'admin'
        ? { status: 302, headers: { location: '/', 'set-cookie': 's=1' } }
        : page;
    });
    expect((await tryForm(port)).of(loginDefault)).toMatchObject([
      { accepted: true, account: 'admin', password: 'admin' },
    ]);
  });
  test('a plain form beside a library is judged by its refusals', async () => {
    const { port } = await serve(
      () => `${FORM}<script src="/js/jquery-3.6.0.min.js"></script><script>var a = 1</script>`,
    );
    expect((await tryForm(port)).of(loginDefault)).toMatchObject([{ accepted: false }]);
  });
});

describe('logins without a name', () => {
  test('a form with a password alone is one account, never locked, and found by its password', async () => {
    const page = FORM.replace('<input name="u">', '');
    const server = (accounts: Accounts): Promise<{ readonly port: number }> =>
      serve(({ url, headers }, body) => {
        if (url !== '/login') return headers.cookie === 's=1' ? 'status' : page;
        const verdict = accounts.check('', new URLSearchParams(body).get('p') ?? '');
        return verdict === 'ok' ? { status: 302, headers: { location: '/', 'set-cookie': 's=1' } } : page;
      });
    const own = new Accounts({ '': 'Very-Own-7' }, 4);
    const run = await tryForm((await server(own)).port);
    // The control and the budget: nothing is tried again for each name of the list.
    expect(own.tried.length).toBeLessThanOrEqual(3);
    expect(own.lockedAccounts).toEqual([]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
    const known = await tryForm((await server(new Accounts({ '': 'password' }))).port, 20);
    expect(known.of(loginDefault)).toMatchObject([{ accepted: true, account: '', password: 'password' }]);
  });
  test('Telnet that asks for a password alone', async () => {
    const accounts = new Accounts({ '': 'Very-Own-7' }, 4);
    const peer = await listen((socket) => {
      socket.write('Password: ');
      socket.on('data', (bytes) => {
        accounts.check('', bytes.toString().trim());
        socket.write('\r\nBad password\r\nPassword: ');
      });
    });
    const surface = aFact(loginSurface, endpoint(peer.port), { protocol: 'telnet', encrypted: false });
    const settings = { credentials: true, credentialTries: 3, state: 'initialised' } as const;
    const run = await runProbe(credentialsTelnet, { known: [surface], settings });
    await peer.stop();
    expect(accounts.tried.length).toBeLessThanOrEqual(3);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
  });
});

describe('where a login is asked for', () => {
  const look = async (answer: Answer): Promise<{ readonly run: Run; readonly asked: readonly string[] }> => {
    const { port, asked } = await serve(answer);
    const service = { scheme: 'http', status: 200, servesContent: true, redirectsToHttps: false } as const;
    const known = [
      aFact(netService, endpoint(port), { protocol: 'http', transport: 'tcp', tls: false }),
      aFact(httpService, endpoint(port), service),
    ];
    return { run: await runProbe(httpAuthenticationProbe, { known }), asked };
  };
  const basic = { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="admin"' } };

  test('in a frame', async () => {
    const { run } = await look(({ url }) =>
      url === '/login.htm' ? FORM : '<frameset><frame src="login.htm"></frameset>',
    );
    expect(run.of(httpAuthentication)).toEqual([{ scheme: 'form', path: '/login.htm', encrypted: false }]);
  });
  test('behind links of an open page, told once for each realm; links that do something are not followed', async () => {
    const page =
      '<a href="/cgi-bin/a">a</a><a href="/cgi-bin/b">b</a><a href="/reboot.cgi">r</a><a href="http://192.0.2.1/">x</a>';
    const { run, asked } = await look(({ url }) => (url?.startsWith('/cgi-bin/') ? basic : page));
    expect(run.of(httpAuthentication)).toEqual([
      { scheme: 'basic', path: '/cgi-bin/a', realm: 'admin', encrypted: false },
    ]);
    expect(asked).not.toContain('/reboot.cgi');
  });
  test.each([
    ['a script of the page', '<div id=app></div><script>ask("password")</script>'],
    ['a script beside it', '<div id=app></div><script src="app.js"></script>'],
  ])('by %s: a login that is not seen is open', async (_name, page) => {
    const { run } = await look(({ url }) => (url === '/app.js' ? 'f({type:"password"})' : page));
    expect(run.gaps).toMatchObject([
      { unseen: { kind: 'unsupported' }, facts: expect.arrayContaining(['login.surface', 'login.default']) },
    ]);
  });
  test('nowhere: a page without scripts has no login', async () => {
    const { run } = await look(() => '<h1>camera</h1>');
    expect(run.gaps).toEqual([]);
    expect(run.of(httpAuthentication)).toEqual([{ scheme: 'none', path: '/', encrypted: false }]);
  });
  test('a scheme that is not spoken here leaves its login open', async () => {
    const other = aFact(httpAuthentication, endpoint(80), { scheme: 'other', path: '/', encrypted: true });
    const run = await runProbe(credentialsSurfaces, { known: [other] });
    expect(run.gaps).toMatchObject([
      { unseen: { kind: 'unsupported' }, facts: expect.arrayContaining(['login.default']) },
    ]);
  });
});
