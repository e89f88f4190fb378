/** Tells the hardware address of a device on this link, so that two units are told from two addresses of one. */
import type { Probe } from '../../../core/model/gatherer.ts';
import { netHost, netIdentity } from '../../../facts/index.ts';
import { fingerprintOf } from '../../../lib/fingerprint.ts';

export const netIdentityProbe: Probe = {
  id: 'net/identity',
  title: 'The hardware address of a device on this link',
  method: 'TEST',
  intrusion: 'passive',
  wide: true,
  consumes: [netHost],
  produces: [netIdentity],
  subjects: (facts) => {
    const answering = facts.of(netHost).filter(({ data }) => data.answers);
    return answering.map(({ subject }) => subject).filter((subject) => subject.kind === 'host');
  },
  async observe(subject, { dial, emit }) {
    const mac = await dial.neighbour?.(subject.host);
    if (mac !== undefined) emit(netIdentity, { kind: 'mac', fingerprint: fingerprintOf(mac) });
  },
};
