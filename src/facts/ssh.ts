/** Facts about SSH servers. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, yes } from '../lib/schema.ts';

export const sshProtocol = defineFact({
  name: 'ssh.protocol',
  title: 'The protocol version and software that an SSH server names',
  over: 'tcp',
  schema: object({ versions: list(oneOf(['1', '2'])), software: text(), banner: text() }),
});

export const sshAlgorithm = defineFact({
  name: 'ssh.algorithm',
  title: 'An algorithm that an SSH server offers',
  over: 'tcp',
  schema: object({
    kind: oneOf(['kex', 'host-key', 'cipher', 'mac', 'compression']),
    name: text(),
    rating: oneOf(['good', 'weak', 'broken', 'unknown']),
    weaknesses: list(
      oneOf([
        'sha1',
        'md5',
        'small-group',
        'nist-curve',
        'des',
        '3des',
        'rc4',
        'blowfish',
        'cast',
        'cbc',
        'none',
        'dsa',
        'short-tag',
        'encrypt-and-mac',
        'legacy',
        'not-post-quantum',
      ]),
    ),
  }),
});

export const sshHostKey = defineFact({
  name: 'ssh.host-key',
  title: 'A host key that an SSH server shows',
  over: 'tcp',
  schema: object({
    type: text('ssh-rsa, ssh-ed25519, ecdsa-sha2-nistp256, ssh-dss …'),
    bits: count(),
    fingerprint: text('SHA256:… of the public key blob.'),
    spki: maybe(text('Hex SHA-256 of the SPKI, to compare with keys in images.')),
    known: maybe(text('Whose publicly known key it is.')),
  }),
});

export const sshDhGroup = defineFact({
  name: 'ssh.dh-group',
  title: 'The size of a Diffie-Hellman group that an SSH server gives',
  over: 'tcp',
  schema: object({ asked: count(), bits: count() }),
});

export const sshTerrapin = defineFact({
  name: 'ssh.terrapin',
  title: 'Whether an SSH server is open to prefix truncation (Terrapin)',
  over: 'tcp',
  schema: object({ vulnerable: yes(), strictKex: yes(), because: text() }),
});

export const sshAuthentication = defineFact({
  name: 'ssh.authentication',
  title: 'Authentication methods that an SSH server offers',
  over: 'tcp',
  schema: object({
    methods: list(text()),
    password: yes('password or keyboard-interactive is on offer.'),
    noneAccepted: yes(),
    user: text(),
  }),
});
