/** Tries known default logins on MQTT brokers; never publishes. */
import { MqttSession } from '../../../codecs/protocols/mqtt-session.ts';
import { factsAt } from '../../../core/model/fact.ts';
import { reach } from '../../../core/model/network.ts';
import { mqttAccess } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, oneByOne } from './doors.ts';

/** Bad user name or password, not authorised; banned and quota exceeded (3.1.1 §3.2.2.3, 5 §3.2.2.2). */
const REFUSALS: readonly number[] = [4, 5, 0x86, 0x87, 0x85];
const LOCKS: readonly number[] = [0x8a, 0x97, 0x9f];

export const credentialsMqtt = credentialProbe({
  id: 'credentials/mqtt',
  title: 'Default logins on MQTT brokers',
  protocol: 'mqtt',
  fits: ({ account }) => account !== '',
  open: (endpoint, { encrypted }, { dial, signal, facts }) => ({
    protocol: 'mqtt',
    width: 8,
    knock: (account, passwords) =>
      oneByOne(passwords, async (password) => {
        const version = factsAt(facts.of(mqttAccess), endpoint)[0]?.data.versions[0] ?? '3.1.1';
        const stream = await reach(dial, endpoint, { signal, secure: encrypted });
        try {
          const session = new MqttSession(stream, version);
          const { code } = await session.connect({ version, clientId: 'assay-login', username: account, password });
          session.disconnect();
          if (code === 0) return { outcome: 'accepted', proof: 'CONNACK code 0, while a random login is refused' };
          if (LOCKS.includes(code)) return { outcome: 'locked', signal: 'lock-out' };
          if (REFUSALS.includes(code)) return { outcome: 'refused' };
          throw new FaultError('unrecognised', `a login was answered by CONNACK code ${code}`);
        } finally {
          stream.destroy();
        }
      }),
  }),
});
