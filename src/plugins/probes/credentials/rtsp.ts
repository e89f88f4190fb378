/** Tries known default logins on RTSP servers: success is a session description that nobody gets without. */
import { answerChallenge, describes, RtspClient } from '../../../codecs/protocols/rtsp-client.ts';
import { reach } from '../../../core/model/network.ts';
import { hostInUrl } from '../../../core/model/target.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, type Judgement, oneByOne, onItsOwn, speaksOfLockOut } from './doors.ts';

export const credentialsRtsp = credentialProbe({
  id: 'credentials/rtsp',
  title: 'Default logins over RTSP',
  protocol: 'rtsp',
  open: (endpoint, { encrypted, path }, context) => {
    const host = hostInUrl(endpoint.host);
    const uri = `rtsp://${host}:${endpoint.port}${path}`;
    return {
      protocol: 'rtsp',
      width: 4,
      batch: 1,
      open: async () => {
        const stream = await reach(context.dial, endpoint, { signal: context.signal, secure: encrypted });
        try {
          const reply = await new RtspClient(stream).ask('DESCRIBE', uri);
          return describes(reply) ? `DESCRIBE ${path} without login` : undefined;
        } finally {
          stream.destroy();
        }
      },
      knock: (account, passwords) =>
        oneByOne(passwords, (password) =>
          onItsOwn(context, endpoint, encrypted, (stream) => login(new RtspClient(stream), uri, account, password)),
        ),
    };
  },
});

async function login(client: RtspClient, uri: string, user: string, password: string): Promise<Judgement> {
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
