/** Tells whether the connection-request server of TR-069 asks for a login (TR-069 §3.2.2: digest authentication). */
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { cwmpAccess, netService } from '../../../facts/index.ts';
import { ask, headerOf } from './pages.ts';

export const httpCwmp: Probe = {
  id: 'http/cwmp',
  title: 'TR-069 connection requests without login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [cwmpAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter(({ data }) => data.protocol === 'cwmp')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const reply = await ask(subject, context, '/');
    const scheme = /^\s*(\w{1,20})/.exec(headerOf(reply, 'www-authenticate') ?? '')?.[1]?.toLowerCase();
    // 404 and 403 to a path that is not the secret one show nothing was opened either.
    const authenticated = reply.status < 200 || reply.status >= 300;
    context.emit(
      cwmpAccess,
      { authenticated, status: reply.status, ...(scheme === undefined ? {} : { scheme }) },
      { where: `GET / ${reply.status}` },
    );
  },
};
