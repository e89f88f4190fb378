/** Tries known default logins on RTSP servers: success is a session description that nobody gets without. */
import { answerChallenge, describes, RtspClient } from '../../../codecs/protocols/rtsp-client.ts';
import { reach } from '../../../core/model/network.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Answer } from './attempts.ts';
import { credentialProbe, oneByOne, speaksOfLockOut } from './doors.ts';

export const credentialsRtsp = credentialProbe({
  id: 'credentials/rtsp',
  title: 'Default logins over RTSP',
  protocol: 'rtsp',
  open: (endpoint, { encrypted, path }, { dial, signal }) => {
    const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
    const uri = `rtsp://${host}:${endpoint.port}${path}`;
    const talk = async <T>(use: (client: RtspClient) => Promise<T>): Promise<T> => {
      const stream = await reach(dial, endpoint, { signal, secure: encrypted });
      try {
        return await use(new RtspClient(stream));
      } finally {
        stream.destroy();
      }
    };
    return {
      protocol: 'rtsp',
      width: 4,
      open: () =>
        talk(async (client) =>
          describes(await client.ask('DESCRIBE', uri)) ? `DESCRIBE ${path} without login` : undefined,
        ),
      knock: (account, passwords) =>
        oneByOne(passwords, (password) => talk((client) => login(client, uri, account, password))),
    };
  },
});

async function login(
  client: RtspClient,
  uri: string,
  user: string,
  password: string,
): Promise<Omit<Answer, 'milliseconds'>> {
  const asked = await client.ask('DESCRIBE', uri);
  const authorization = answerChallenge(asked.challenges, { user, password, method: 'DESCRIBE', uri });
  if (authorization === undefined) {
    if (asked.status === 403 || asked.status === 453) return { outcome: 'locked', signal: 'lock-out' };
    throw new FaultError('unsupported', `DESCRIBE was answered ${asked.status} without a challenge known here`);
  }
  const reply = await client.ask('DESCRIBE', uri, authorization);
  if (describes(reply)) return { outcome: 'accepted', proof: 'DESCRIBE 200 with a session description (401 without)' };
  if (reply.status === 401) return { outcome: 'refused' };
  // A stream that is not there for one who may ask: the login itself was taken.
  if (reply.status === 404 || reply.status === 200)
    return { outcome: 'accepted', proof: `DESCRIBE ${reply.status} (401 without)` };
  if (reply.status === 403 || speaksOfLockOut(reply.reason)) return { outcome: 'locked', signal: 'lock-out' };
  throw new FaultError('unrecognised', `a login was answered ${reply.status} ${reply.reason}`);
}
