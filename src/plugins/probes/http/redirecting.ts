/** Servers that do nothing but lead to https: how that shows in a reply, and whether an earlier probe saw it of an endpoint. */
import { type FactView, factsAt } from '../../../core/model/fact.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { hostInUrl } from '../../../core/model/target.ts';
import { httpService } from '../../../facts/index.ts';
import { type Endpoint, headerOf, isRedirect, isSecure, targetOf } from './pages.ts';

export function leadsToHttps(at: Endpoint, reply: HttpReply): boolean {
  const location = headerOf(reply, 'location');
  if (!isRedirect(reply) || location === undefined) return false;
  const target = targetOf(location, at, false);
  return target?.protocol === 'https:' && target.hostname === hostInUrl(at.host);
}

/** There is nothing more to ask it; a port that does so in clear alone, beside HTTPS, is asked inside TLS all the same. */
export const redirectsOnly = (facts: FactView, at: Endpoint): boolean =>
  !isSecure(facts, at) && factsAt(facts.of(httpService), at).some(({ data }) => data.redirectsToHttps);
