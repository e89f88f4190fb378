/** Tells whether the connection-request port of TR-069 asks for a login. */
import { parseChallenges } from '../../../codecs/protocols/digest-authentication.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { cwmpAccess, netService } from '../../../facts/index.ts';

export const cwmpAccessProbe: Probe = {
  id: 'cwmp/access',
  title: 'TR-069: login at the connection-request port',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [cwmpAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'cwmp')),
  async observe({ host, ...subject }, { dial, facts, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const { port } = subject;
    const tls = factsAt(facts.of(netService), { host, ...subject }).some((fact) => fact.data.tls);
    const { status, headers } = await dial.http({ host, port, tls, path: '/', signal });
    const scheme = (headers['www-authenticate'] ?? []).flatMap(parseChallenges)[0]?.scheme;
    // 401 and 403 keep strangers out; so does 404, where the secret path is the only door.
    const authenticated = status === 401 || status === 403 || status === 404;
    emit(cwmpAccess, { authenticated, status, ...(scheme === undefined ? {} : { scheme }) });
  },
};
