/** Tells what an FTP server allows before login: anonymous access, AUTH TLS, and whether TLS is demanded. */
import { FtpControl, type FtpReply, wantsTls } from '../../../codecs/protocols/ftp-control.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { ftpAccess, loginOpen, netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

/** A name that no device has: tells how unencrypted logins are answered, without a password. */
const NOBODY = 'assay-nobody';
/** Not logged in, invalid login, account wanted, denied; anything else (500, 421) is the server's own trouble. */
const REFUSALS: readonly number[] = [332, 430, 530, 532, 550];

export const ftpAccessProbe: Probe = {
  id: 'ftp/access',
  title: 'FTP: anonymous login, AUTH TLS',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [ftpAccess, loginOpen],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'ftp')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const implicit = factsAt(context.facts.of(netService), subject).some((fact) => fact.data.tls);
    const plain = { secure: implicit, upgrade: false };
    const greet = (): Promise<Hello> =>
      converse(subject, context, plain, async (control, banner) => ({
        banner: banner.text,
        auth: implicit ? undefined : await control.command('AUTH TLS'),
      }));
    let sent = (): void => {};
    const lastSent = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const login = (): Promise<FtpReply> => converse(subject, context, plain, (ftp) => loginAnonymously(ftp, sent));
    const name = async (): Promise<FtpReply | undefined> =>
      implicit ? undefined : converse(subject, context, plain, (ftp) => ftp.command(`USER ${NOBODY}`));
    // Side by side, for many servers answer a wrong login after seconds; one that takes one client at a time is asked again.
    const short = [greet(), name()] as const;
    void Promise.allSettled([...short, lastSent]).then(() => context.asked());
    const [first, second, third] = await Promise.allSettled([short[0], login(), short[1]]);
    const hello = first.status === 'fulfilled' ? first.value : await greet();
    let anonymous = second.status === 'fulfilled' ? second.value : await login();
    const stranger = third.status === 'fulfilled' ? third.value : await name();
    const authTls = hello.auth?.code === 234;
    if (wantsTls(anonymous) && authTls)
      anonymous = await converse(subject, context, { secure: false, upgrade: true }, (ftp) => loginAnonymously(ftp));
    if (anonymous.code !== 230 && !REFUSALS.includes(anonymous.code))
      throw new FaultError('unrecognised', `anonymous login was answered ${anonymous.code} ${anonymous.text}`);
    const tlsRequired = implicit ? true : demandOf(stranger);
    context.emit(
      ftpAccess,
      {
        anonymous: anonymous.code === 230,
        authTls: authTls || implicit,
        banner: hello.banner,
        ...(tlsRequired === undefined ? {} : { tlsRequired }),
      },
      { where: `${anonymous.code} ${anonymous.text}`.slice(0, 120) },
    );
    if (anonymous.code !== 230) return;
    const { state } = context.settings;
    const open = { protocol: 'ftp', open: true, how: 'no-credentials', state } as const;
    context.emit(loginOpen, open, { where: 'anonymous login was taken' });
  },
};

interface Hello {
  readonly banner: string;
  readonly auth: FtpReply | undefined;
}

/** 331 to a stranger without TLS: passwords travel in clear. A refusal that names TLS: it is demanded. */
function demandOf(reply: FtpReply | undefined): boolean | undefined {
  if (reply === undefined) return undefined;
  if (reply.code === 331 || reply.code === 230) return false;
  return wantsTls(reply) ? true : undefined;
}

/** `sent` hears when the password is, whose refusal many servers hold back for seconds. */
async function loginAnonymously(control: FtpControl, sent: () => void = () => {}): Promise<FtpReply> {
  const reply = await control.command('USER anonymous');
  if (reply.code !== 331) return reply;
  const answer = control.command('PASS assay@');
  sent();
  return answer;
}

async function converse<T>(
  endpoint: SubjectOf<'endpoint'>,
  { dial, signal }: ProbeContext,
  how: { readonly secure: boolean; readonly upgrade: boolean },
  talk: (control: FtpControl, banner: FtpReply) => Promise<T>,
): Promise<T> {
  const stream = await reach(dial, endpoint, { signal, secure: how.secure });
  try {
    const control = new FtpControl(stream);
    const banner = await control.reply();
    if (banner.code !== 220)
      throw new FaultError('refused', `the FTP server greets with ${banner.code} ${banner.text}`);
    if (how.upgrade) {
      await control.command('AUTH TLS');
      stream.removeAllListeners('data');
      control.resume((await dial.tls(stream, { signal })).stream);
    }
    return await talk(control, banner);
  } finally {
    stream.destroy();
  }
}
