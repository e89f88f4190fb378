/** Opens a Telnet session and tells whether it asks for a login or gives a shell; nothing but newlines is sent. */
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { lastLine, promptOf, TelnetSession } from '../../../codecs/protocols/telnet-session.ts';
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { netService, telnetSession } from '../../../facts/index.ts';

export const telnetSessionProbe: Probe = {
  id: 'telnet/session',
  title: 'Telnet: options, login prompt, shell without login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [telnetSession],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'telnet')),
  async observe(subject, { dial, facts, signal, emit, gap, keep }) {
    if (subject.kind !== 'endpoint') return;
    const secure = factsAt(facts.of(netService), subject).some((fact) => fact.data.tls);
    const stream = await reach(dial, subject, { signal, secure });
    try {
      const session = new TelnetSession(stream, { lifetime: 15_000 });
      const shell = await looksLikeShell(session);
      const prompt = promptOf(session.screen);
      const asksLogin = prompt === 'login' || prompt === 'password';
      if (!asksLogin && !shell) {
        const seen = printable(lastLine(session.screen), 80);
        gap({ kind: 'unrecognised', message: `neither a login prompt nor a shell: "${seen}"` });
        return;
      }
      emit(
        telnetSession,
        {
          negotiates: session.negotiates,
          asksLogin,
          shellWithoutLogin: shell,
          banner: printable(session.screen),
          encryption: secure || session.offersEncryption(),
        },
        { where: 'screen', evidence: [keep(Buffer.from(session.screen, 'latin1'), 'text/plain')] },
      );
    } finally {
      stream.destroy();
    }
  },
};

/**
 * A shell shows the same prompt again after an empty line. One prompt-like line proves nothing: a message of the day may
 * end in `#` too.
 */
async function looksLikeShell(session: TelnetSession): Promise<boolean> {
  await session.settle(4000, 400);
  if (promptOf(session.screen) === 'none') {
    session.send('\r\n');
    await session.settle(3000, 400);
  }
  if (promptOf(session.screen) !== 'shell') return false;
  const before = lastLine(session.screen);
  session.send('\r\n');
  const after = await session.settle(3000, 400);
  return promptOf(after) === 'shell' && lastLine(after) === before;
}
