/** Asks an SSH server which authentication methods it offers to root, by the `none` request. */
import { askSshMethods } from '../../../codecs/protocols/ssh-client.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { sshAlgorithm, sshAuthentication } from '../../../facts/index.ts';

/** The account that every embedded system has; servers tell the same for unknown names. */
const USER = 'root';

export const sshAuthenticationProbe: Probe = {
  id: 'ssh/authentication',
  title: 'Authentication methods of SSH servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [sshAlgorithm],
  produces: [sshAuthentication],
  subjects: (facts) => endpointsOf(facts.of(sshAlgorithm)),
  async observe(subject, { dial, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const stream = await dial.tcp(subject.host, subject.port, { signal });
    try {
      const { methods, noneAccepted } = await askSshMethods(stream, USER);
      const password = methods.includes('password') || methods.includes('keyboard-interactive');
      emit(
        sshAuthentication,
        { methods, password, noneAccepted, user: USER },
        { where: noneAccepted ? 'SSH_MSG_USERAUTH_SUCCESS to none' : 'SSH_MSG_USERAUTH_FAILURE to none' },
      );
    } finally {
      stream.destroy();
    }
  },
};
