/** Servers on loopback that ask for a login and keep count of wrong tries, as devices do. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import ssh2, { type AuthContext } from 'ssh2';
import { listen, type Peer } from './peers.ts';

/** Accounts with a count of wrong tries; `lockAt` wrong tries lock an account for good, as fail2ban would an address. */
export class Accounts {
  readonly wrong = new Map<string, number>();
  readonly tried: string[] = [];
  readonly #logins: { readonly [account: string]: string };
  readonly #lockAt: number;
  readonly #takesAll: boolean;
  constructor(logins: { readonly [account: string]: string }, lockAt = Number.POSITIVE_INFINITY, takesAll = false) {
    this.#logins = logins;
    this.#lockAt = lockAt;
    this.#takesAll = takesAll;
  }
  get lockedAccounts(): string[] {
    return [...this.wrong].filter(([, count]) => count >= this.#lockAt).map(([account]) => account);
  }
  check(account: string, password: string): 'ok' | 'wrong' | 'locked' {
    this.tried.push(`${account}:${password}`);
    if (this.#takesAll) return 'ok';
    if ((this.wrong.get(account) ?? 0) >= this.#lockAt) return 'locked';
    if (this.#logins[account] === password) return 'ok';
    this.wrong.set(account, (this.wrong.get(account) ?? 0) + 1);
    return 'wrong';
  }
}

async function serveHttp(handle: (asked: IncomingMessage, reply: ServerResponse, body: string) => void): Promise<Peer> {
  const server = createHttp((asked, reply) => {
    let body = '';
    asked.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    asked.on('end', () => handle(asked, reply, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken: () => 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const serveBasic = (accounts: Accounts): Promise<Peer> =>
  serveHttp((asked, reply) => {
    const sent = /^Basic (.+)$/.exec(asked.headers.authorization ?? '')?.[1];
    const [account = '', ...rest] = Buffer.from(sent ?? '', 'base64')
      .toString()
      .split(':');
    const verdict = sent === undefined ? 'wrong' : accounts.check(account, rest.join(':'));
    if (verdict === 'ok') reply.end('<h1>camera</h1>');
    else reply.writeHead(verdict === 'locked' ? 403 : 401, { 'www-authenticate': 'Basic realm="camera"' }).end('no');
  });

/** Digest by RFC 7616; the account's password is looked for among `known` by computing the response anew. */
export const serveDigest = (algorithm: 'MD5' | 'SHA-256', login: readonly [string, string]): Promise<Peer> =>
  serveHttp((asked, reply) => {
    const field = (name: string): string =>
      new RegExp(`${name}="?([^",]*)`).exec(asked.headers.authorization ?? '')?.[1] ?? '';
    const hash = (text: string): string =>
      createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const ha1 = hash(`${login[0]}:camera:${login[1]}`);
    const ha2 = hash(`${asked.method}:${field('uri')}`);
    const expected = hash(`${ha1}:n1:${field('nc')}:${field('cnonce')}:auth:${ha2}`);
    if (field('username') === login[0] && field('response') === expected) reply.end('inside');
    else
      reply
        .writeHead(401, { 'www-authenticate': `Digest realm="camera", qop="auth", nonce="n1", algorithm=${algorithm}` })
        .end();
  });

/** A form with an anti-forgery token, a session cookie, and 200 to everything. */
export const serveForm = (accounts: Accounts): Promise<Peer> =>
  serveHttp((asked, reply, body) => {
    const form =
      '<form action="/login" method="post"><input type="hidden" name="token" value="t1"><input name="user"><input type="password" name="pass"></form>';
    const page = (text: string, headers = {}): void => {
      reply.writeHead(200, { 'content-type': 'text/html', ...headers }).end(text);
    };
    if (asked.url === '/login') {
      const sent = new URLSearchParams(body);
      const verdict = accounts.check(sent.get('user') ?? '', sent.get('pass') ?? '');
      if (verdict === 'ok' && sent.get('token') === 't1')
        page('<p>welcome</p>', { 'set-cookie': 'session=abc; HttpOnly' });
      else page(verdict === 'locked' ? `account locked ${form}` : `wrong ${form}`);
    } else page(asked.headers.cookie === 'session=abc' ? '<p>status of the camera</p>' : form);
  });

export const serveFtp = (accounts: Accounts): Promise<Peer> =>
  listen((socket) => {
    let account = '';
    socket.write('220 camera\r\n');
    socket.on('data', (bytes) => {
      for (const line of bytes.toString().split('\r\n').filter(Boolean)) {
        const [verb, ...rest] = line.split(' ');
        if (verb === 'USER') {
          account = rest.join(' ');
          socket.write('331 password\r\n');
        } else if (verb === 'PASS') {
          const verdict = accounts.check(account, rest.join(' '));
          socket.write(
            verdict === 'ok' ? '230 in\r\n' : verdict === 'locked' ? '530 account locked\r\n' : '530 no\r\n',
          );
        } else socket.write(verb === 'PWD' ? '257 "/"\r\n' : '502 what\r\n');
      }
    });
  });

export const serveTelnet = (accounts: Accounts): Promise<Peer> =>
  listen((socket) => {
    let account: string | undefined;
    let inside = false;
    socket.write(Buffer.from([255, 251, 1]));
    socket.write('### camera #\r\nlogin: ');
    socket.on('data', (bytes) => {
      const line = bytes
        .filter((byte) => byte < 128)
        .toString()
        .trim();
      if ((line === '' && account === undefined) || bytes[0] === 255) return;
      if (inside) socket.write(line === 'id' ? 'uid=0(root) gid=0(root)\r\n# ' : '# ');
      else if (account === undefined) {
        account = line;
        socket.write('Password: ');
      } else {
        const verdict = accounts.check(account, line);
        inside = verdict === 'ok';
        account = undefined;
        socket.write(
          inside
            ? '\r\nwelcome\r\n# '
            : verdict === 'locked'
              ? '\r\naccount locked\r\nlogin: '
              : '\r\nLogin incorrect\r\nlogin: ',
        );
      }
    });
  });

/** Keyboard-interactive alone, and three prompts for each request, as PAM may have it: every answer counts. */
export const serveSshKeyboard = (accounts: Accounts): Promise<Peer> =>
  serveSsh(accounts, (attempt) => {
    if (attempt.method !== 'keyboard-interactive') {
      attempt.reject(['keyboard-interactive']);
      return;
    }
    const ask = (round: number): void =>
      attempt.prompt([{ prompt: 'Password: ', echo: false }], ([password = '']) => {
        if (accounts.check(attempt.username, password) === 'ok') attempt.accept();
        else if (round < 3) ask(round + 1);
        else attempt.reject(['keyboard-interactive']);
      });
    ask(1);
  });

/** A password once taken must be changed before anything else; `asks` as PAM does, for the new one or for the old one again. */
export const serveSshExpired = (accounts: Accounts, asks = 'New password: '): Promise<Peer> =>
  serveSsh(accounts, (attempt) => {
    if (attempt.method !== 'keyboard-interactive') {
      attempt.reject(['keyboard-interactive']);
      return;
    }
    attempt.prompt([{ prompt: 'Password: ', echo: false }], ([password = '']) => {
      if (accounts.check(attempt.username, password) !== 'ok') attempt.reject(['keyboard-interactive']);
      else attempt.prompt([{ prompt: asks, echo: false }], () => attempt.reject(['keyboard-interactive']));
    });
  });

/** A locked account is asked for its password all the same, with a word of the lock before it, as pam_faillock does. */
export const serveSshLocking = (accounts: Accounts): Promise<Peer> =>
  serveSsh(accounts, (attempt) => {
    if (attempt.method !== 'keyboard-interactive') {
      attempt.reject(['keyboard-interactive']);
      return;
    }
    const locked = accounts.lockedAccounts.includes(attempt.username);
    const words = locked ? 'The account is locked due to 3 failed logins.\n(10 minutes left to unlock)\n' : '';
    attempt.prompt([{ prompt: `${words}Password: `, echo: false }], ([password = '']) => {
      if (accounts.check(attempt.username, password) === 'ok') attempt.accept();
      else attempt.reject(['keyboard-interactive']);
    });
  });

export async function serveSsh(
  accounts: Accounts,
  judge: (attempt: AuthContext) => void = (attempt) => {
    if (attempt.method !== 'password') attempt.reject(['password']);
    else if (accounts.check(attempt.username, attempt.password) === 'ok') attempt.accept();
    else attempt.reject(['password']);
  },
): Promise<Peer> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', judge);
    client.on('session', (accept) => {
      accept().on('exec', (take) => {
        const channel = take();
        channel.write('uid=0(root)');
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, taken: () => 0, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

export async function serveMqtt(accounts: Accounts): Promise<Peer> {
  const broker = await Aedes.createBroker();
  broker.authenticate = (_client, name, password, done) =>
    done(null, accounts.check(String(name), String(password)) === 'ok');
  const peer = await listen((socket) => broker.handle(socket));
  return { ...peer, stop: () => new Promise((resolve) => broker.close(() => void peer.stop().then(resolve))) };
}
