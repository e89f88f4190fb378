/** Subscribes to everything as a client without credentials and counts retained messages; never publishes. */
import { MqttSession } from '../../../codecs/protocols/mqtt-session.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { mqttAccess, mqttSubscription, netDisclosure } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

const FILTERS = ['#', '$SYS/#'] as const;

export const mqttSubscriptionProbe: Probe = {
  id: 'mqtt/subscription',
  title: 'MQTT: what clients without credentials may read',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [mqttAccess],
  produces: [mqttSubscription, netDisclosure],
  subjects: (facts) => endpointsOf(facts.of(mqttAccess).filter((fact) => fact.data.anonymous)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const looks = await Promise.allSettled(FILTERS.map((filter) => look(subject, filter, context)));
    for (const one of looks) if (one.status === 'rejected') throw one.reason;
  },
};

async function look(
  subject: SubjectOf<'endpoint'>,
  filter: (typeof FILTERS)[number],
  { dial, facts, signal, emit, keep }: ProbeContext,
): Promise<void> {
  const access = factsAt(facts.of(mqttAccess), subject)[0]?.data;
  const version = access?.versions[0] ?? '3.1.1';
  const stream = await reach(dial, subject, { signal, secure: access?.tls ?? false });
  try {
    const session = new MqttSession(stream, version);
    const clientId = `assay-${filter === '#' ? 'all' : 'system'}-${subject.port}`;
    const welcome = await session.connect({ version, clientId });
    if (welcome.code !== 0) throw new FaultError('denied', `the second connection was answered ${welcome.code}`);
    const grant = await session.subscribe(filter);
    session.disconnect();
    const evidence = [keep(Buffer.from(grant.topics.join('\n')), 'text/plain', 'topics')];
    const data = { filter, granted: grant.granted, messages: grant.retained };
    emit(mqttSubscription, data, { where: 'SUBACK', ...(grant.topics.length > 0 ? { evidence } : {}) });
    // As mosquitto tells it: `mosquitto version 2.0.11`.
    const told = /^([a-z][a-z0-9 _-]{0,30}?) (?:version )?(\d[0-9a-z.+-]{0,30})/i.exec(grant.version ?? '');
    if (told?.[1] !== undefined && told[2] !== undefined)
      emit(netDisclosure, { software: told[1], version: told[2], where: 'topic $SYS/broker/version' });
  } finally {
    stream.destroy();
  }
}
