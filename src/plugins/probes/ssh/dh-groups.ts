/** Asks SSH servers with a group exchange for groups of many sizes and tells which they give. */
import { fetchGroupBits, groupExchangeOf } from '../../../codecs/protocols/ssh-kex.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { sshAlgorithm, sshDhGroup } from '../../../facts/index.ts';
import { faultOf } from '../../../lib/fault.ts';

/** Small ones first: what a weak client could be given. */
const SIZES = [512, 768, 1024, 1536, 2048, 3072, 4096] as const;

export const sshDhGroups: Probe = {
  id: 'ssh/dh-groups',
  title: 'Diffie-Hellman group sizes that SSH servers give',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [sshAlgorithm],
  produces: [sshDhGroup],
  subjects: (facts) => endpointsOf(facts.of(sshAlgorithm)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const offered = factsAt(context.facts.of(sshAlgorithm), subject).map((fact) => fact.data.name);
    if (groupExchangeOf(offered) === undefined) return;
    for (const asked of SIZES) {
      const stream = await context.dial.tcp(subject.host, subject.port, { signal: context.signal });
      try {
        const bits = await fetchGroupBits(stream, asked);
        if (bits !== undefined) context.emit(sshDhGroup, { asked, bits }, { where: 'SSH_MSG_KEX_DH_GEX_GROUP' });
      } catch (thrown) {
        const { kind, message } = faultOf(thrown);
        context.gap({ kind, message: `group of ${asked} bits: ${message}` });
      } finally {
        stream.destroy();
      }
    }
  },
};
