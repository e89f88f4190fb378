/** Tries known default passwords on VNC servers. */
import { tryVncPassword } from '../../../codecs/protocols/vnc-handshake.ts';
import { reach } from '../../../core/model/network.ts';
import { credentialProbe, oneByOne } from './doors.ts';
import type { KnownLogins, Pair } from './pairs.ts';

export const credentialsVnc = credentialProbe({
  id: 'credentials/vnc',
  title: 'Default passwords of VNC servers',
  protocol: 'vnc',
  pairs: (context) => passwordsOf(context.knowledge('default-credentials') as KnownLogins),
  open: (endpoint, { encrypted }, { dial, signal }) => ({
    protocol: 'vnc',
    width: 1,
    knock: (_account, passwords) =>
      oneByOne(passwords, async (password) => {
        const stream = await reach(dial, endpoint, { signal, secure: encrypted });
        try {
          const taken = await tryVncPassword(stream, password);
          return taken ? { outcome: 'accepted', proof: 'SecurityResult OK' } : { outcome: 'refused' };
        } finally {
          stream.destroy();
        }
      }),
  }),
});

/** VNC knows no accounts: the words most often used as passwords, each once. */
function passwordsOf(table: KnownLogins): readonly Pair[] {
  const words = [
    'password',
    'admin',
    '',
    '1234',
    '12345',
    '123456',
    'vnc',
    ...table.general.map(([, password]) => password),
  ];
  return [...new Set(words.map((word) => word.slice(0, 8)))]
    .slice(0, 50)
    .map((password) => ({ account: '', password }));
}
