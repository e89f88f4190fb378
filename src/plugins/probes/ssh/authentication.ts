/** Asks an SSH server which authentication methods it offers to root, and to others, by the `none` request. */
import { askSshMethods, type SshMethods } from '../../../codecs/protocols/ssh-client.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { sshAlgorithm, sshAuthentication } from '../../../facts/index.ts';

/** The account that every embedded system has; servers tell the same for unknown names. */
const USER = 'root';
/** A name that no device has: what is offered to whoever is not root. */
const NOBODY = 'assay-nobody';

export const sshAuthenticationProbe: Probe = {
  id: 'ssh/authentication',
  title: 'Authentication methods of SSH servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [sshAlgorithm],
  produces: [sshAuthentication],
  subjects: (facts) => endpointsOf(facts.of(sshAlgorithm)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const root = await ask(subject, USER, context);
    // A server may keep root alone from passwords (`Match User root`): then others are asked for.
    const told = saysMore(root) ? root : await ask(subject, NOBODY, context);
    const one = told === root || !saysMore(told) ? { ...root, user: USER } : { ...told, user: NOBODY };
    const { methods, noneAccepted, user } = one;
    context.emit(
      sshAuthentication,
      { methods, password: takesPasswords(one), noneAccepted, user },
      { where: noneAccepted ? 'SSH_MSG_USERAUTH_SUCCESS to none' : 'SSH_MSG_USERAUTH_FAILURE to none' },
    );
  },
};

const takesPasswords = ({ methods }: SshMethods): boolean =>
  methods.includes('password') || methods.includes('keyboard-interactive');

/** Lets somebody in, or may: what others are offered is no worse. */
const saysMore = (offer: SshMethods): boolean => offer.noneAccepted || takesPasswords(offer);

async function ask(endpoint: SubjectOf<'endpoint'>, user: string, { dial, signal }: ProbeContext): Promise<SshMethods> {
  const stream = await dial.tcp(endpoint.host, endpoint.port, { signal });
  try {
    return await askSshMethods(stream, user);
  } finally {
    stream.destroy();
  }
}
