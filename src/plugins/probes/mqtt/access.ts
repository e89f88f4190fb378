/** Connects to MQTT brokers without credentials, by 3.1.1 and 5, and tells whether they take it. */
import { MqttSession, type MqttVersion, type MqttWelcome } from '../../../codecs/protocols/mqtt-session.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { mqttAccess, netService } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

const VERSIONS: readonly MqttVersion[] = ['3.1.1', '5'];

export const mqttAccessProbe: Probe = {
  id: 'mqtt/access',
  title: 'MQTT: versions, clients without credentials',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [mqttAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'mqtt')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const tls = factsAt(context.facts.of(netService), subject).some((fact) => fact.data.tls);
    const spoken: { version: MqttVersion; code: number }[] = [];
    let fault = new FaultError('unsupported', 'the broker takes neither MQTT 3.1.1 nor 5');
    for (const version of VERSIONS) {
      try {
        const welcome = await greet(subject, context, version, tls);
        if (!welcome.unsupported) spoken.push({ version, code: welcome.code });
      } catch (thrown) {
        const { kind, message } = faultOf(thrown);
        fault = new FaultError(kind, `MQTT ${version}: ${message}`);
        if (kind === 'timeout') break;
      }
    }
    const first = spoken.find((one) => one.code === 0) ?? spoken[0];
    if (first === undefined) throw fault;
    context.emit(
      mqttAccess,
      {
        anonymous: first.code === 0,
        code: first.code,
        tls,
        versions: spoken.map((one) => one.version),
        ...(tls ? { clientCertificate: false } : {}),
      },
      { where: `CONNACK code ${first.code}` },
    );
  },
};

async function greet(
  endpoint: SubjectOf<'endpoint'>,
  { dial, signal }: ProbeContext,
  version: MqttVersion,
  secure: boolean,
): Promise<MqttWelcome> {
  const stream = await reach(dial, endpoint, { signal, secure });
  try {
    const session = new MqttSession(stream, version);
    const welcome = await session.connect({ version, clientId: `assay-${endpoint.port}` });
    session.disconnect();
    return welcome;
  } finally {
    stream.destroy();
  }
}
