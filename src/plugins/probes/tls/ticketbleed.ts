/** Tells whether a short session id beside a ticket is answered with memory of the server (CVE-2016-9244). */

import { chance } from '../../../lib/chance.ts';
import { FaultError } from '../../../lib/fault.ts';
import { acceptedAt, Handshakes } from './handshakes.ts';
import { classicTicket, newestClassic, resumed } from './sessions.ts';
import { NOTHING_OLDER, vulnerabilityProbe } from './vulnerability.ts';

/** Shorter than any that is given out, so that what follows it in the answer is not ours. */
const SHORT = 16;

export const tlsTicketbleed = vulnerabilityProbe('ticketbleed', 'Ticketbleed', async (at, context) => {
  const handshakes = new Handshakes(at, context);
  const classic = newestClassic(acceptedAt(context.facts, at));
  const session = classic === undefined ? undefined : await classicTicket(handshakes, context);
  if (classic === undefined) return NOTHING_OLDER;
  if (session === undefined) return { vulnerable: false, how: 'no session tickets are given' };
  const id = chance(SHORT, 'short session id');
  const answered = await resumed(handshakes, classic, session, id);
  if (answered === undefined || !id.equals(answered.subarray(0, SHORT)))
    throw new FaultError('unrecognised', 'the server did not take its own ticket back');
  const more = answered.length - SHORT;
  return more > 0
    ? { vulnerable: true, how: `${more} bytes followed a session id of ${SHORT}` }
    : { vulnerable: false, how: 'the session id came back as it was' };
});
