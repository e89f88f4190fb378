/** Tells whether a short session id beside a ticket is answered with memory of the server (CVE-2016-9244). */

import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { tlsCipher, tlsProtocol, tlsVulnerability } from '../../../facts/index.ts';
import { chance } from '../../../lib/chance.ts';
import { FaultError } from '../../../lib/fault.ts';
import { acceptedAt, Handshakes } from './handshakes.ts';
import { classicTicket, newestClassic, resumed } from './sessions.ts';

/** Shorter than any that is given out, so that what follows it in the answer is not ours. */
const SHORT = 16;

export const tlsTicketbleed: Probe = {
  id: 'tls/ticketbleed',
  title: 'Ticketbleed',
  method: 'TEST',
  intrusion: 'intrusive',
  consumes: [tlsProtocol, tlsCipher],
  produces: [tlsVulnerability],
  subjects: (facts) =>
    endpointsOf(
      facts
        .of(tlsProtocol)
        .filter(({ data, subject }) => data.accepted && subject.kind === 'endpoint' && subject.transport === 'tcp'),
    ),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const handshakes = new Handshakes(subject, context);
    const classic = newestClassic(acceptedAt(context.facts, subject));
    const session = classic === undefined ? undefined : await classicTicket(handshakes, context);
    const tell = (vulnerable: boolean, how: string): void => {
      context.emit(tlsVulnerability, { name: 'ticketbleed', vulnerable, how });
    };
    if (classic === undefined) return tell(false, 'nothing below TLS 1.3 is taken');
    if (session === undefined) return tell(false, 'no session tickets are given');
    const id = chance(SHORT, 'short session id');
    const answered = await resumed(handshakes, classic, session, id);
    if (answered === undefined || !id.equals(answered.subarray(0, SHORT)))
      throw new FaultError('unrecognised', 'the server did not take its own ticket back');
    const more = answered.length - SHORT;
    tell(more > 0, more > 0 ? `${more} bytes followed a session id of ${SHORT}` : 'the session id came back as it was');
  },
};
