/** Tries known default logins on MQTT brokers; never publishes. */
import { MqttSession } from '../../../codecs/protocols/mqtt-session.ts';
import { factsAt } from '../../../core/model/fact.ts';
import { mqttAccess } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, type Judgement, oneByOne, onItsOwn } from './doors.ts';

/** Bad user name or password, not authorised; banned and quota exceeded (3.1.1 §3.2.2.3, 5 §3.2.2.2). */
const REFUSALS: readonly number[] = [4, 5, 0x86, 0x87, 0x85];
const LOCKS: readonly number[] = [0x8a, 0x97, 0x9f];

export const credentialsMqtt = credentialProbe({
  id: 'credentials/mqtt',
  title: 'Default logins on MQTT brokers',
  protocol: 'mqtt',
  fits: ({ account }) => account !== '',
  open: (endpoint, { encrypted }, context) => ({
    protocol: 'mqtt',
    width: 8,
    batch: 1,
    knock: (account, passwords) =>
      oneByOne(passwords, (password) =>
        onItsOwn(context, endpoint, encrypted, async (stream) => {
          const version = factsAt(context.facts.of(mqttAccess), endpoint)[0]?.data.versions[0] ?? '3.1.1';
          const session = new MqttSession(stream, version);
          const { code } = await session.connect({ version, clientId: 'assay-login', username: account, password });
          session.disconnect();
          return judge(code);
        }),
      ),
  }),
});

function judge(code: number): Judgement {
  if (code === 0) return { outcome: 'accepted', proof: 'CONNACK code 0, while a random login is refused' };
  if (LOCKS.includes(code)) return { outcome: 'locked', signal: 'lock-out' };
  if (REFUSALS.includes(code)) return { outcome: 'refused' };
  throw new FaultError('unrecognised', `a login was answered by CONNACK code ${code}`);
}
