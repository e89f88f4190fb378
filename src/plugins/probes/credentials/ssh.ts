/** Tries known default logins over SSH. */
import { trySshPasswords } from '../../../codecs/protocols/ssh-client.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import type { Answer } from './door.ts';
import { credentialProbe, speaksOfLockOut } from './doors.ts';

export const credentialsSsh = credentialProbe({
  id: 'credentials/ssh',
  title: 'Default logins over SSH',
  protocol: 'ssh',
  fits: ({ account }) => account !== '',
  open: (endpoint, _surface, { dial, signal }) => ({
    protocol: 'ssh',
    // dropbear serves five clients of one address that have not logged in yet.
    width: 4,
    // OpenSSH ends a connection at the sixth wrong try (MaxAuthTries).
    batch: 5,
    async knock(account, passwords) {
      const stream = await dial.tcp(endpoint.host, endpoint.port, { signal });
      try {
        const result = await trySshPasswords(stream, account, passwords, { locks: speaksOfLockOut });
        if (result.delays.length === 0 && result.ended !== undefined) throw result.ended;
        const answers = result.delays.map((milliseconds, index): Answer => {
          if (index !== result.accepted) return { outcome: 'refused', milliseconds };
          const said = printable(result.proof ?? '', 80);
          const proof = said === '' ? 'SSH_MSG_USERAUTH_SUCCESS' : `SSH_MSG_USERAUTH_SUCCESS, id: ${said}`;
          const forced = /(password.{0,20}expired|must change|change your password)/i.test(said);
          return { outcome: 'accepted', milliseconds, proof, ...(forced ? { forcedChange: 'seen' as const } : {}) };
        });
        const locked = result.ended?.fault.kind === 'locked-out';
        return locked ? [...answers, { outcome: 'locked', milliseconds: 0, signal: 'lock-out' }] : answers;
      } finally {
        stream.destroy();
      }
    },
  }),
});
