/** Asks ports that speak HTTP inside TLS for a page in clear: some servers, CUPS among them, tell by the first byte and serve both. */
import type { Probe } from '../../../core/model/gatherer.ts';
import {
  httpAuthentication,
  httpCookie,
  httpService,
  loginDefault,
  loginOpen,
  loginSurface,
  netService,
} from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { headerOf, httpEndpoints, isSecure, randomPath } from './pages.ts';
import { leadsToHttps } from './redirecting.ts';

/** 400 is what a server inside TLS says to a client that speaks none; 426 asks it to. */
const REFUSALS: readonly number[] = [400, 426];

const NO_HTTP: readonly string[] = ['timeout', 'closed', 'malformed'];

/** Milliseconds: a server inside TLS that takes the request for a record waits for the rest of it. */
const PATIENCE = 4000;

export const httpBesideTls: Probe = {
  id: 'http/beside-tls',
  title: 'Plain HTTP on ports of HTTPS',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [httpService],
  subjects: (facts) => httpEndpoints(facts).filter((at) => isSecure(facts, at)),
  async observe(subject, { dial, signal, emit, gap }) {
    if (subject.kind !== 'endpoint') return;
    const get = (path: string) =>
      dial.http({ host: subject.host, port: subject.port, tls: false, path, signal, limit: 65_536, timeout: PATIENCE });
    const reply = await answered(() => get('/'));
    if (reply === undefined || REFUSALS.includes(reply.status)) return;
    // A redirect serves nothing, and silence after it shows no content either: that is a fault, and leaves it open.
    const redirectsToHttps = leadsToHttps(subject, reply) && leadsToHttps(subject, await get(randomPath()));
    const server = headerOf(reply, 'server');
    emit(
      httpService,
      {
        scheme: 'http',
        status: reply.status,
        servesContent: !redirectsToHttps,
        redirectsToHttps,
        ...(server === undefined ? {} : { server: server.slice(0, 256) }),
      },
      { where: `GET / in clear ${reply.status}` },
    );
    if (redirectsToHttps) return;
    const message = `port ${subject.port} serves HTTP in clear beside HTTPS; logins and cookies were looked for inside TLS only`;
    const facts = [httpAuthentication, httpCookie, loginSurface, loginDefault, loginOpen];
    gap({ kind: 'unsupported', message }, { facts });
  },
};

/** An alert, a close and silence are no HTTP in clear; a port that takes no connection any more was not looked at. */
async function answered<T>(asked: () => Promise<T>): Promise<T | undefined> {
  try {
    return await asked();
  } catch (thrown) {
    if (thrown instanceof FaultError && NO_HTTP.includes(thrown.fault.kind)) return undefined;
    throw thrown;
  }
}
