/** Subscribes to everything as a client without credentials and counts retained messages; never publishes. */
import { MqttSession } from '../../../codecs/protocols/mqtt-session.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { mqttAccess, mqttSubscription } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

const FILTERS = ['#', '$SYS/#'] as const;

export const mqttSubscriptionProbe: Probe = {
  id: 'mqtt/subscription',
  title: 'MQTT: what clients without credentials may read',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [mqttAccess],
  produces: [mqttSubscription],
  subjects: (facts) => endpointsOf(facts.of(mqttAccess).filter((fact) => fact.data.anonymous)),
  async observe(subject, { dial, facts, signal, emit, keep }) {
    if (subject.kind !== 'endpoint') return;
    const access = factsAt(facts.of(mqttAccess), subject)[0]?.data;
    const version = access?.versions[0] ?? '3.1.1';
    for (const filter of FILTERS) {
      const stream = await reach(dial, subject, { signal, secure: access?.tls ?? false });
      try {
        const session = new MqttSession(stream, version);
        const welcome = await session.connect({ version, clientId: `assay-read-${subject.port}` });
        if (welcome.code !== 0) throw new FaultError('denied', `the second connection was answered ${welcome.code}`);
        const grant = await session.subscribe(filter);
        session.disconnect();
        const evidence = [keep(Buffer.from(grant.topics.join('\n')), 'text/plain', 'topics')];
        emit(
          mqttSubscription,
          { filter, granted: grant.granted, messages: grant.retained },
          { where: 'SUBACK', ...(grant.topics.length > 0 ? { evidence } : {}) },
        );
      } finally {
        stream.destroy();
      }
    }
  },
};
