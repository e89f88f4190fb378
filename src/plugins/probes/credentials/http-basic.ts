/** Tries known default logins by HTTP Basic. */
import { basicAnswer } from '../../../codecs/protocols/digest-authentication.ts';
import { credentialProbe, oneByOne } from './doors.ts';
import { askPage, judgeReply } from './http-shared.ts';

export const credentialsHttpBasic = credentialProbe({
  id: 'credentials/http-basic',
  title: 'Default logins by HTTP Basic',
  protocol: 'http-basic',
  open: (endpoint, surface, context) => ({
    protocol: 'http-basic',
    width: 8,
    batch: 1,
    open: async () => {
      const { status } = await askPage(endpoint, surface, context, {});
      return status >= 200 && status < 300 ? `GET ${surface.path} ${status} without login` : undefined;
    },
    knock: (account, passwords) =>
      oneByOne(passwords, async (password) => {
        const authorization = basicAnswer(account, password);
        return judgeReply(surface.path, await askPage(endpoint, surface, context, { authorization }));
      }),
  }),
});
