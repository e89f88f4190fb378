/** Tells how an HTTP server treats requests of foreign origins and for foreign hosts. */
import type { Probe } from '../../../core/model/gatherer.ts';
import { httpCors, httpService, netService } from '../../../facts/index.ts';
import { ask, headerOf, httpEndpoints, isRedirect } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';

const FOREIGN = 'assay.invalid';

export const httpCorsProbe: Probe = {
  id: 'http/cors',
  title: 'Foreign origins and hosts at HTTP servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpCors],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    const origin = `https://${FOREIGN}`;
    const usual = await ask(subject, context, '/');
    const crossed = await ask(subject, context, '/', { headers: { Origin: origin } });
    const foreign = await ask(subject, context, '/', { headers: { Host: FOREIGN } });
    const reflectsOrigin = headerOf(crossed, 'access-control-allow-origin') === origin;
    context.emit(
      httpCors,
      {
        reflectsOrigin,
        withCredentials:
          reflectsOrigin && headerOf(crossed, 'access-control-allow-credentials')?.toLowerCase() === 'true',
        // A page that is served as usual; a redirect or a refusal keeps a rebound name out.
        foreignHostServed: foreign.status === usual.status && !isRedirect(foreign) && foreign.status < 400,
      },
      { where: `GET / with Host ${FOREIGN}: ${foreign.status}` },
    );
  },
};
