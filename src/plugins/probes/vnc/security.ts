/** Tells the security types that a VNC server offers. */
import { openVnc, vncTypeName } from '../../../codecs/protocols/vnc-handshake.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { netService, vncSecurity } from '../../../facts/index.ts';

export const vncSecurityProbe: Probe = {
  id: 'vnc/security',
  title: 'VNC: security types',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [vncSecurity],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'vnc')),
  async observe(subject, { dial, facts, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const secure = factsAt(facts.of(netService), subject).some((fact) => fact.data.tls);
    const stream = await reach(dial, subject, { signal, secure });
    try {
      const { hello } = await openVnc(stream);
      const types = hello.types.map((type) => vncTypeName(type));
      emit(vncSecurity, { types, none: hello.types.includes(1), version: hello.version });
    } finally {
      stream.destroy();
    }
  },
};
