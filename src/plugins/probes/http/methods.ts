/** Tells which risky methods an HTTP server takes, without changing anything on it. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { httpMethod, httpService, netService } from '../../../facts/index.ts';
import { ask, type Endpoint, headerOf, httpEndpoints, randomPath, textOf } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';

export const httpMethods: Probe = {
  id: 'http/methods',
  title: 'Risky methods of HTTP servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpMethod],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    context.emit(httpMethod, await trace(subject, context));
    // A method that no one knows: what a server answers to it, it would answer to any.
    const control = await ask(subject, context, '/', { method: 'ASSAY' });
    const options = await ask(subject, context, '/', { method: 'OPTIONS' });
    const listed = (headerOf(options, 'allow') ?? '').toUpperCase().split(/[\s,]+/);
    // Nothing is written, and nothing can be deleted where nothing is.
    context.emit(httpMethod, { method: 'PUT', allowed: listed.includes('PUT'), how: 'Allow header of OPTIONS /' });
    const gone = await ask(subject, context, randomPath('.txt'), { method: 'DELETE' });
    const deletes = listed.includes('DELETE') || (succeeds(gone.status) && !succeeds(control.status));
    context.emit(httpMethod, {
      method: 'DELETE',
      allowed: deletes,
      how: `Allow header, and DELETE of a path that does not exist: ${gone.status}`,
    });
    const find = await ask(subject, context, '/', { method: 'PROPFIND', headers: { Depth: '0' } });
    context.emit(httpMethod, { method: 'PROPFIND', allowed: find.status === 207, how: `PROPFIND / ${find.status}` });
  },
};

const succeeds = (status: number): boolean => status >= 200 && status < 300;

/** TRACE gives the request back (RFC 9110 §9.3.8). */
async function trace(at: Endpoint, context: ProbeContext) {
  const marker = randomPath().slice(1);
  const reply = await ask(at, context, '/', { method: 'TRACE', headers: { 'X-Assay': marker } });
  const allowed = reply.status === 200 && textOf(reply).includes(marker);
  return { method: 'TRACE', allowed, how: allowed ? 'the request came back' : `TRACE / ${reply.status}` };
}
