/** Tells what an HTTP server answers at first: content, nothing but a redirect to https, or the UPnP description alone. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { httpService, netService } from '../../../facts/index.ts';
import { ask, type Endpoint, headerOf, httpEndpoints, isSecure, randomPath, textOf } from './pages.ts';
import { leadsToHttps } from './redirecting.ts';
import { descriptionAt } from './upnp-paths.ts';

export const httpServiceProbe: Probe = {
  id: 'http/service',
  title: 'What HTTP servers answer to a first request',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [httpService],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const secure = isSecure(context.facts, subject);
    const reply = await ask(subject, context, '/');
    const redirectsToHttps = !secure && (await redirectsOnly(subject, context, reply));
    const describesOnly = !secure && reply.status === 404 && (await describes(subject, context));
    const [server, poweredBy] = [headerOf(reply, 'server'), headerOf(reply, 'x-powered-by')];
    const [location, title] = [headerOf(reply, 'location'), titleOf(reply)];
    context.emit(
      httpService,
      {
        scheme: secure ? 'https' : 'http',
        status: reply.status,
        servesContent: !redirectsToHttps && !describesOnly,
        redirectsToHttps,
        ...(location === undefined ? {} : { location: location.slice(0, 400) }),
        ...(server === undefined ? {} : { server: server.slice(0, 256) }),
        ...(poweredBy === undefined ? {} : { poweredBy: poweredBy.slice(0, 256) }),
        ...(title === undefined ? {} : { title }),
        ...(reply.oddities.length === 0 ? {} : { oddities: reply.oddities }),
      },
      { where: `GET / ${reply.status}`, evidence: [context.keep(reply.body, 'text/html')] },
    );
  },
};

/** Both `/` and a page that does not exist lead to https on the same host. */
async function redirectsOnly(at: Endpoint, context: ProbeContext, first: HttpReply): Promise<boolean> {
  if (!leadsToHttps(at, first)) return false;
  return leadsToHttps(at, await ask(at, context, randomPath()));
}

const describes = async (at: Endpoint, context: ProbeContext): Promise<boolean> =>
  (await descriptionAt(at, context)) !== undefined;

const titleOf = (reply: HttpReply): string | undefined =>
  /<title[^>]{0,80}>([^<]{1,200})/i.exec(textOf(reply).slice(0, 16_384))?.[1]?.trim();
