/** Whether an earlier probe saw that a server does nothing but lead to https: there is nothing more to ask it. */
import { type FactView, factsAt } from '../../../core/model/fact.ts';
import { httpService } from '../../../facts/index.ts';
import type { Endpoint } from './pages.ts';

export const redirectsOnly = (facts: FactView, at: Endpoint): boolean =>
  factsAt(facts.of(httpService), at).some(({ data }) => data.redirectsToHttps);
