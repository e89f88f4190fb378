/** Tries known default logins over Telnet; a success is proved by the output of a harmless command. */
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { lastLine, promptOf, TelnetSession } from '../../../codecs/protocols/telnet-session.ts';
import { reach } from '../../../core/model/network.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, type Judgement, oneByOne, speaksOfLockOut } from './doors.ts';

export const credentialsTelnet = credentialProbe({
  id: 'credentials/telnet',
  title: 'Default logins over Telnet',
  protocol: 'telnet',
  fits: ({ account }) => account !== '',
  async nameless(endpoint, { encrypted }, { dial, signal }) {
    const stream = await reach(dial, endpoint, { signal, secure: encrypted });
    try {
      const session = new TelnetSession(stream, { lifetime: 10_000 });
      return promptOf(await session.settle(8000)) === 'password';
    } finally {
      stream.destroy();
    }
  },
  open: (endpoint, { encrypted }, { dial, signal }) => ({
    protocol: 'telnet',
    width: 16,
    batch: 1,
    async knock(account, passwords) {
      const stream = await reach(dial, endpoint, { signal, secure: encrypted });
      try {
        const session = new TelnetSession(stream, { lifetime: 60_000 });
        await session.settle(8000);
        return await oneByOne(passwords, (password) => login(session, account, password));
      } finally {
        stream.destroy();
      }
    },
  }),
});

async function login(session: TelnetSession, account: string, password: string): Promise<Judgement> {
  if (promptOf(session.screen) === 'login') {
    session.send(`${account}\r\n`);
    const shown = await session.settle(5000);
    if (speaksOfLockOut(shown)) return { outcome: 'locked', signal: 'lock-out' };
    if (promptOf(shown) === 'login') return { outcome: 'refused' };
    if (promptOf(shown) === 'shell') return prove(session);
  }
  if (promptOf(session.screen) !== 'password')
    throw new FaultError('unrecognised', `no password prompt: "${printable(lastLine(session.screen), 80)}"`);
  session.send(`${password}\r\n`);
  return judge(session, await session.settle(10_000));
}

function judge(session: TelnetSession, shown: string): Judgement | Promise<Judgement> {
  if (speaksOfLockOut(shown)) return { outcome: 'locked', signal: 'lock-out' };
  const prompt = promptOf(shown);
  if (prompt === 'login' || prompt === 'password') return { outcome: 'refused' };
  if (prompt === 'shell') return prove(session);
  if (session.closed || /incorrect|invalid|fail|denied|wrong|bad /i.test(shown)) return { outcome: 'refused' };
  throw new FaultError('unrecognised', `neither refusal nor prompt: "${printable(lastLine(shown), 80)}"`);
}

/** `id` names the user on anything Unix; another command line shows its prompt again and asks for no login. */
async function prove(session: TelnetSession): Promise<Judgement> {
  const prompt = lastLine(session.screen);
  session.send('id\r\n');
  const shown = await session.settle(4000, 200);
  const identity = /uid=\d{1,10}[^\r\n]{0,60}/.exec(shown)?.[0];
  if (identity !== undefined) return { outcome: 'accepted', proof: `id: ${printable(identity)}` };
  if (promptOf(shown) === 'shell' && lastLine(shown) === prompt)
    return { outcome: 'accepted', proof: `command prompt: ${printable(prompt, 60)}` };
  if (['login', 'password'].includes(promptOf(shown))) return { outcome: 'refused' };
  throw new FaultError('unrecognised', 'a prompt came after the login but no command ran');
}
