/** Tries known default passwords on VNC servers. */
import { tryVncPassword } from '../../../codecs/protocols/vnc-handshake.ts';
import { credentialProbe, oneByOne, onItsOwn } from './doors.ts';
import type { KnownLogins, Pair } from './pairs.ts';

export const credentialsVnc = credentialProbe({
  id: 'credentials/vnc',
  title: 'Default passwords of VNC servers',
  protocol: 'vnc',
  pairs: (context) => passwordsOf(context.knowledge('default-credentials') as KnownLogins),
  open: (endpoint, { encrypted }, context) => ({
    protocol: 'vnc',
    width: 1,
    knock: (_account, passwords) =>
      oneByOne(passwords, (password) =>
        onItsOwn(context, endpoint, encrypted, async (stream) =>
          (await tryVncPassword(stream, password))
            ? { outcome: 'accepted', proof: 'SecurityResult OK' }
            : { outcome: 'refused' },
        ),
      ),
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
