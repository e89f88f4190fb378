/** The SSH server of the demo device, on ssh2: old algorithms, and passwords. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import ssh2 from 'ssh2';

/** Answers `id` only; the host key is made at each start. */
export function ssh(accounts: { readonly [user: string]: string }): Server {
  const format = { type: 'pkcs1', format: 'pem' } as const;
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: format,
    publicKeyEncoding: format,
  });
  const server = new ssh2.Server({ hostKeys: [privateKey], ident: 'dropbear_2014.63', algorithms: OLD }, (client) => {
    client.on('error', () => client.end());
    client.on('authentication', (attempt) => {
      if (attempt.method === 'password' && accounts[attempt.username] === attempt.password) attempt.accept();
      else attempt.reject(['password']);
    });
    client.on('ready', () => client.on('session', (accept) => serve(accept())));
  });
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

const OLD: ssh2.Algorithms = {
  kex: ['diffie-hellman-group1-sha1', 'diffie-hellman-group14-sha1', 'curve25519-sha256'],
  serverHostKey: ['ssh-rsa'],
  cipher: ['aes128-ctr', '3des-cbc', 'aes128-cbc'],
  hmac: ['hmac-sha1', 'hmac-md5', 'hmac-sha2-256'],
  compress: ['none'],
};
