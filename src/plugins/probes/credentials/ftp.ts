/** Tries known default logins over FTP, inside TLS where the server demands it. */
import type { Duplex } from 'node:stream';
import { FtpControl, type FtpReply, wantsTls } from '../../../codecs/protocols/ftp-control.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, type Judgement, oneByOne, speaksOfLockOut } from './doors.ts';

const REFUSALS: readonly number[] = [332, 430, 530, 532, 550];

export const credentialsFtp = credentialProbe({
  id: 'credentials/ftp',
  title: 'Default logins over FTP',
  protocol: 'ftp',
  fits: ({ account }) => account !== '' && account !== 'anonymous' && account !== 'ftp',
  open: (endpoint, { encrypted }, context) => ({
    protocol: 'ftp',
    // Servers answer a wrong login after seconds: what waits costs them nothing. The pace caps what is open at once.
    width: 32,
    batch: 1,
    async knock(account, passwords) {
      const stream = await reach(context.dial, endpoint, { signal: context.signal, secure: encrypted });
      try {
        const control = new FtpControl(stream, { lifetime: 60_000 });
        const greeting = await control.reply();
        // 421 is said to what comes beside others, too: a sign only where nothing else is open.
        if (greeting.code !== 220) throw new FaultError('refused', `the FTP server greets with ${greeting.code}`);
        return await oneByOne(passwords, (password) => login(control, stream, { account, password }, context));
      } finally {
        stream.destroy();
      }
    },
  }),
});

async function login(
  control: FtpControl,
  stream: Duplex,
  { account, password }: { readonly account: string; readonly password: string },
  context: ProbeContext,
): Promise<Judgement> {
  let reply = await control.command(`USER ${account}`, 15_000);
  if (wantsTls(reply)) {
    const offered = await control.command('AUTH TLS');
    if (offered.code !== 234) throw new FaultError('denied', `TLS is demanded and refused: ${offered.text}`);
    stream.removeAllListeners('data');
    control.resume((await context.dial.tls(stream, { signal: context.signal })).stream);
    reply = await control.command(`USER ${account}`, 15_000);
  }
  if (reply.code === 331) reply = await control.command(`PASS ${password}`, 15_000);
  return judge(reply, reply.code === 230 ? await control.command('PWD') : undefined);
}

function judge(reply: FtpReply, folder: FtpReply | undefined): Judgement {
  if (reply.code === 230) {
    const proof = `230 ${reply.text}${folder?.code === 257 ? `, PWD: ${folder.text}` : ''}`;
    return { outcome: 'accepted', proof: proof.slice(0, 120) };
  }
  if (reply.code !== 421 && speaksOfLockOut(reply.text)) return { outcome: 'locked', signal: 'lock-out' };
  if (REFUSALS.includes(reply.code)) return { outcome: 'refused' };
  throw new FaultError('unrecognised', `a login was answered ${reply.code} ${reply.text}`);
}
