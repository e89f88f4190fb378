/** Tries known default logins by HTTP Digest (MD5, SHA-256, SHA-512-256). */
import {
  type Challenge,
  digestAnswer,
  digestKnown,
  parseChallenges,
} from '../../../codecs/protocols/digest-authentication.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, oneByOne } from './doors.ts';
import { askPage, judgeReply } from './http-shared.ts';

export const credentialsHttpDigest = credentialProbe({
  id: 'credentials/http-digest',
  title: 'Default logins by HTTP Digest',
  protocol: 'http-digest',
  open: (endpoint, surface, context) => ({
    protocol: 'http-digest',
    width: 8,
    batch: 1,
    open: async () => {
      const { status } = await askPage(endpoint, surface, context, {});
      return status >= 200 && status < 300 ? `GET ${surface.path} ${status} without login` : undefined;
    },
    knock: (account, passwords) =>
      oneByOne(passwords, async (password) => {
        const asked = await askPage(endpoint, surface, context, {});
        if (asked.status === 429) return { outcome: 'locked', signal: 'status-429' };
        const question = { user: account, password, method: 'GET', uri: surface.path };
        const authorization = digestAnswer(challengeOf(asked), question);
        return judgeReply(surface.path, await askPage(endpoint, surface, context, { authorization }));
      }),
  }),
});

function challengeOf(reply: HttpReply): Challenge {
  const challenges = (reply.headers['www-authenticate'] ?? []).flatMap(parseChallenges);
  const digest = challenges.find((one) => one.scheme === 'digest' && digestKnown(one));
  if (digest === undefined)
    throw new FaultError('unsupported', `no Digest challenge known here (status ${reply.status})`);
  return digest;
}
