/** Logs in over SSH through ssh2 on a stream of ours: asks for methods, tries passwords, runs one harmless command. */
import type { Duplex } from 'node:stream';
import type { AnyAuthMethod, AuthHandlerMiddleware, Client, ConnectConfig } from 'ssh2';
import { FaultError } from '../../lib/fault.ts';
import { printable } from './stream-reader.ts';

/** What ssh2 can speak but leaves out by default: old devices know nothing else. */
const LEGACY: NonNullable<ConnectConfig['algorithms']> = {
  kex: {
    append: ['diffie-hellman-group14-sha1', 'diffie-hellman-group-exchange-sha1', 'diffie-hellman-group1-sha1'],
    prepend: [],
    remove: [],
  },
  cipher: { append: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'], prepend: [], remove: [] },
  hmac: { append: ['hmac-md5', 'hmac-sha2-256-96', 'hmac-sha1-96'], prepend: [], remove: [] },
  serverHostKey: { append: ['ssh-dss'], prepend: [], remove: [] },
};

export interface SshMethods {
  readonly methods: readonly string[];
  readonly noneAccepted: boolean;
}

/** Sends the `none` request for a user: its refusal lists the methods that can go on (RFC 4252 §5.2). */
export async function askSshMethods(stream: Duplex, user: string, timeout = 6000): Promise<SshMethods> {
  let methods: readonly string[] | undefined;
  const outcome = await session(stream, user, timeout, (left) => {
    if (left === null) return 'none';
    methods = left;
    return false;
  });
  outcome.client?.end();
  if (outcome.ready) return { methods: methods ?? [], noneAccepted: true };
  if (methods === undefined) throw outcome.error ?? new FaultError('closed', 'the SSH server named no methods');
  return { methods, noneAccepted: false };
}

export interface SshAttempts {
  /** How many passwords the server judged, in order, on this connection. */
  readonly judged: number;
  /** The index of the password that opened a session. */
  readonly accepted?: number;
  /** Output of the proof command on the opened session. */
  readonly proof?: string;
  /** Milliseconds that each judgement took. */
  readonly delays: readonly number[];
  /** Why the server or the transport ended it before all were judged; `locked-out` where its prompt says so. */
  readonly ended?: FaultError;
}

/**
 * Who asks for a new password, or for the current one once more beside the demand to change it, has taken the old one
 * (RFC 4256 §3.4; PAM's words, its older "(current) UNIX password:" among them).
 */
const DEMANDS_CHANGE =
  /\bnew\b.{0,20}password|\bcurrent\b.{0,20}password|(change|expired).{0,20}password|password.{0,30}(change|expired)/i;

/**
 * Tries passwords of one account on one connection, by `password` or else keyboard-interactive, until one is taken or the
 * server stops. A session that opens is proved by the output of `command`.
 */
export async function trySshPasswords(
  stream: Duplex,
  user: string,
  passwords: readonly string[],
  options: { readonly timeout?: number; readonly command?: string; readonly locks?: (words: string) => boolean } = {},
): Promise<SshAttempts> {
  const delays: number[] = [];
  let asked = 0;
  let since = 0;
  let again: string | undefined;
  let locked: string | undefined;
  const outcome = await session(stream, user, options.timeout ?? 30_000, (left) => {
    if (left === null) return 'none';
    if (asked > 0) delays.push(Date.now() - since);
    if (asked >= passwords.length) return false;
    since = Date.now();
    const password = passwords[asked++] ?? '';
    if (left.includes('password')) return { type: 'password', username: user, password };
    if (!left.includes('keyboard-interactive')) return false;
    let told = false;
    return {
      type: 'keyboard-interactive',
      username: user,
      prompt: (_name, instructions, _language, prompts, answer) => {
        const words = [instructions, ...prompts.map(({ prompt }) => prompt)].join(' ').slice(0, 4096);
        // It asks again: each answer may count as a try, and this password had its one.
        if (prompts.length > 0 && told) again = words;
        // Whatever is answered now is refused, the right password, too: that judges none.
        else if (options.locks?.(words) === true) locked = words;
        if (again !== undefined || locked !== undefined) {
          stream.destroy();
          return;
        }
        told ||= prompts.length > 0;
        answer(prompts.map(() => password));
      },
    };
  });
  if (!outcome.ready && locked !== undefined)
    return {
      judged: delays.length,
      delays,
      ended: new FaultError('locked-out', `the SSH server says: ${printable(locked, 80)}`),
    };
  if (!outcome.ready && again !== undefined) {
    delays.push(Date.now() - since);
    if (!DEMANDS_CHANGE.test(again)) return { judged: delays.length, delays };
    return { judged: delays.length, delays, accepted: asked - 1, proof: 'must change: a new password is asked for' };
  }
  // The try at which a server closes for too many of them was judged wrong, too.
  if (!outcome.ready && asked > delays.length && /too many/i.test(outcome.error?.message ?? ''))
    delays.push(Date.now() - since);
  if (!outcome.ready || outcome.client === undefined)
    return { judged: delays.length, delays, ...(outcome.error ? { ended: outcome.error } : {}) };
  delays.push(Date.now() - since);
  const proof = await run(outcome.client, options.command ?? 'id');
  outcome.client.end();
  return { judged: asked, accepted: asked - 1, delays, ...(proof === undefined ? {} : { proof }) };
}

interface Outcome {
  readonly ready: boolean;
  readonly client?: Client;
  readonly error?: FaultError;
}
type NextMethod = (left: readonly string[] | null) => AnyAuthMethod | 'none' | false;

async function session(stream: Duplex, user: string, timeout: number, next: NextMethod): Promise<Outcome> {
  const ssh2 = (await import('ssh2')).default;
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    const done = (outcome: Outcome): void => {
      clearTimeout(timer);
      if (!outcome.ready) stream.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => done({ ready: false, error: new FaultError('timeout', 'the SSH login took too long') }),
      timeout,
    );
    client.on('ready', () => done({ ready: true, client }));
    client.on('error', (error) => done({ ready: false, error: faultOf(error) }));
    client.on('close', () => done({ ready: false, error: new FaultError('closed', 'the SSH server closed') }));
    client.connect({
      sock: stream,
      username: user,
      readyTimeout: timeout,
      algorithms: LEGACY,
      tryKeyboard: true,
      hostVerifier: () => true,
      authHandler: ((left, _partial, callback) => callback(next(left) as never)) as AuthHandlerMiddleware,
    });
  });
}

function faultOf(error: Error & { level?: string }): FaultError {
  if (error.level === 'client-authentication') return new FaultError('denied', 'no authentication method was left');
  if (error.level === 'handshake') return new FaultError('unsupported', `no common SSH algorithms: ${error.message}`);
  if (error.level === 'client-timeout') return new FaultError('timeout', 'the SSH login took too long');
  return new FaultError('closed', `the SSH connection broke: ${error.message}`);
}

/** The first kilobyte that a command says, or that the server says in its place; undefined where none may run or it stays silent for five seconds. */
async function run(client: Client, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const done = (value: string | undefined): void => {
      clearTimeout(timer);
      resolve(value);
    };
    const timer = setTimeout(() => done(said === '' ? undefined : said), 5000);
    client.on('close', () => done(said === '' ? undefined : said));
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        done(undefined);
        return;
      }
      const hear = (chunk: Buffer): void => {
        if (said.length < 1024) said += chunk.toString('latin1');
      };
      channel.on('data', hear);
      // OpenSSH tells of an expired password there.
      channel.stderr.on('data', hear);
      channel.on('close', () => done(said === '' ? undefined : said));
    });
  });
}
