/** The SSH server of the demo device, on ssh2: old algorithms and passwords, or modern ones and keys only. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import ssh2 from 'ssh2';

/** Answers `id` only; the host key is made at each start. */
export function ssh(options: {
  readonly careful: boolean;
  readonly accounts: { readonly [user: string]: string };
}): Server {
  const key = options.careful
    ? ssh2.utils.generateKeyPairSync('ed25519').private
    : generateKeyPairSync('rsa', {
        modulusLength: 1024,
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
        publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
      }).privateKey;
  const server = new ssh2.Server(
    {
      hostKeys: [key],
      ident: options.careful ? 'DemoCam' : 'dropbear_2014.63',
      algorithms: options.careful ? CAREFUL : OLD,
    },
    (client) => {
      client.on('error', () => client.end());
      client.on('authentication', (attempt) => {
        if (
          !options.careful &&
          attempt.method === 'password' &&
          options.accounts[attempt.username] === attempt.password
        )
          attempt.accept();
        else attempt.reject(options.careful ? ['publickey'] : ['password']);
      });
      client.on('ready', () => client.on('session', (accept) => serve(accept())));
    },
  );
  return createServer((socket) => server.injectSocket(socket));
}

function serve(session: ssh2.Session): void {
  session.on('exec', (accept, _reject, info) => {
    const channel = accept();
    channel.write(info.command === 'id' ? 'uid=0(root) gid=0(root)\n' : 'not found\n');
    channel.exit(info.command === 'id' ? 0 : 127);
    channel.end();
  });
}

const CAREFUL: ssh2.Algorithms = {
  kex: ['curve25519-sha256', 'ecdh-sha2-nistp256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  compress: ['none'],
};
const OLD: ssh2.Algorithms = {
  kex: ['diffie-hellman-group1-sha1', 'diffie-hellman-group14-sha1', 'curve25519-sha256'],
  serverHostKey: ['ssh-rsa'],
  cipher: ['aes128-ctr', '3des-cbc', 'aes128-cbc'],
  hmac: ['hmac-sha1', 'hmac-md5', 'hmac-sha2-256'],
  compress: ['none'],
};
