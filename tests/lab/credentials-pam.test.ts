/**
 * Keyboard-interactive against OpenSSH with Debian's PAM modules, pam_faillock among them. Accounts, PAM's configuration and
 * its tally stand in a mount namespace of their own: nothing of this machine is touched.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  netService,
  sshAuthentication,
} from '../../src/facts/index.ts';
import { credentialsSsh } from '../../src/plugins/probes/credentials/ssh.ts';
import { sshAlgorithms } from '../../src/plugins/probes/ssh/algorithms.ts';
import { sshAuthenticationProbe } from '../../src/plugins/probes/ssh/authentication.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const sshd = program('sshd');
const faillock = program('faillock');
const missing = ['sshd', 'faillock', 'ssh-keygen', 'openssl'].filter((name) => program(name) === undefined);
if (spawnSync('unshare', ['-m', 'true']).status !== 0) missing.push('root');

let lab: Lab;
const file = (name: string): string => join(lab.folder, name);
const OWN = 'Very-Own-7';
const hashOf = (password: string): string =>
  execFileSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).trim();

/** What PAM asks for a login: the password alone, or a tally of wrong ones before and after it. */
const PLAIN = 'auth required pam_unix.so';
const tallied = (deny: number, how = 'silent'): string => {
  const tally = `dir=${file('tally')} deny=${deny} unlock_time=600`;
  return `auth required pam_faillock.so preauth ${how} ${tally}
auth [success=1 default=ignore] pam_unix.so nullok
auth [default=die] pam_faillock.so authfail ${tally}
auth required pam_permit.so
account required pam_faillock.so`;
};

interface Settings {
  readonly password: string;
  readonly pam: string;
  /** Days since 1970 of the last change; 0 demands a new password. */
  readonly changed?: number;
  readonly method?: 'prompt' | 'password';
}

/** One server with one account of interest, admin. */
async function serve({ password, pam, changed = 19_000, method = 'prompt' }: Settings): Promise<number> {
  const port = await freePort();
  const own = (name: string, text: string): void => writeFileSync(file(`${port}.${name}`), text, { mode: 0o644 });
  own('shadow', `root:*:19000::::::\nsshd:*:19000::::::\nadmin:${hashOf(password)}:${changed}:0:99999:7:::\n`);
  own('pam', `${pam}\naccount required pam_unix.so\npassword required pam_unix.so\nsession required pam_permit.so\n`);
  const methods = method === 'prompt' ? ['no', 'yes'] : ['yes', 'no'];
  const lines = [`PasswordAuthentication ${methods[0]}`, `KbdInteractiveAuthentication ${methods[1]}`, 'PidFile none'];
  own(
    'conf',
    [`Port ${port}`, 'ListenAddress 127.0.0.1', 'UsePAM yes', `HostKey ${file('key')}`, ...lines, ''].join('\n'),
  );
  await lab.start('unshare', inside(port, [sshd!, '-D', '-e', '-f', file(`${port}.conf`)]), port);
  return port;
}

/** Words that run a command beside the server's own accounts and PAM's. */
function inside(port: number, command: readonly string[]): readonly string[] {
  const binds = { passwd: '/etc/passwd', [`${port}.shadow`]: '/etc/shadow', [`${port}.pam`]: '/etc/pam.d/sshd' };
  const mounts = Object.entries(binds).map(([from, to]) => `mount --bind ${file(from)} ${to}`);
  return ['-m', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', ...command];
}

/** Wrong logins that pam_faillock has counted. */
const counted = (): number => {
  const told = spawnSync(faillock!, ['--user', 'admin', '--dir', file('tally')], { encoding: 'utf8' });
  return told.stdout.split('\n').filter((line) => /\bV\s*$/.test(line)).length;
};

/** Whether the owner still gets in. */
async function ownerGetsIn(port: number): Promise<boolean> {
  const ask = file('ask');
  writeFileSync(ask, `#!/bin/sh\necho ${OWN}\n`, { mode: 0o755 });
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'NumberOfPasswordPrompts=1',
    'LogLevel=ERROR',
  ];
  const args = ['-p', `${port}`, ...options.flatMap((one) => ['-o', one]), 'admin@127.0.0.1', 'echo in'];
  const env = { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
  const child = spawn('ssh', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said.includes('in');
}

const attempt = (port: number, credentialTries = 3): Promise<Run> => {
  const surface = aFact(loginSurface, endpoint(port), { protocol: 'ssh', encrypted: true, path: '/' });
  const settings = { credentials: true, credentialTries, state: 'initialised' } as const;
  return runProbe(credentialsSsh, { known: [surface], settings });
};

describe.skipIf(missing.length > 0)(`OpenSSH with PAM (missing: ${missing.join(' ') || 'nothing'})`, () => {
  beforeAll(() => {
    lab = openLab();
    chmodSync(lab.folder, 0o755);
    mkdirSync('/run/sshd', { recursive: true });
    const accounts = ['root:x:0:0:root:/root:/bin/sh', 'sshd:x:100:65534::/run/sshd:/bin/false'];
    writeFileSync(file('passwd'), [...accounts, 'admin:x:1500:1500::/tmp:/bin/sh', ''].join('\n'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('key')]);
  });
  afterAll(() => lab.stop());
  const afresh = (): void => {
    rmSync(file('tally'), { recursive: true, force: true });
    mkdirSync(file('tally'));
  };

  test('a prompt in place of the password method counts as a password', async () => {
    const port = await serve({ password: OWN, pam: PLAIN });
    const service = aFact(netService, endpoint(port), { protocol: 'ssh', transport: 'tcp', tls: false });
    const algorithms = await runProbe(sshAlgorithms, { known: [service] });
    const run = await runProbe(sshAuthenticationProbe, { known: algorithms.facts });
    expect(run.of(sshAuthentication)).toMatchObject([
      { methods: ['publickey', 'keyboard-interactive'], password: true, noneAccepted: false },
    ]);
  });

  test('admin/admin is found and proved by a command', async () => {
    const run = await attempt(await serve({ password: 'admin', pam: PLAIN }));
    expect(run.of(loginDefault)).toMatchObject([
      { accepted: true, account: 'admin', password: 'admin', proof: expect.stringMatching(/uid=1500/) },
    ]);
    expect(run.of(loginOpen)).toMatchObject([{ open: false }]);
  }, 60_000);

  test.each(['prompt', 'password'] as const)(
    'one that has to be changed is found and told, by %s',
    async (method) => {
      const run = await attempt(await serve({ password: 'admin', pam: PLAIN, changed: 0, method }));
      expect(run.of(loginDefault)).toMatchObject([{ accepted: true, account: 'admin', forcedChange: 'seen' }]);
    },
    60_000,
  );

  test.each([3, 5])(
    'a lock at %i wrong logins is not reached, and the owner gets in',
    async (deny) => {
      afresh();
      const port = await serve({ password: OWN, pam: tallied(deny) });
      const run = await attempt(port);
      expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
      expect(counted()).toBeGreaterThan(0);
      expect(counted()).toBeLessThan(deny);
      expect(await ownerGetsIn(port)).toBe(true);
    },
    60_000,
  );

  test('with a raised budget the words of a lock end the tries', async () => {
    afresh();
    const port = await serve({ password: OWN, pam: tallied(3, '') });
    const run = await attempt(port, 10);
    expect(run.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'lock-out' }]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
    expect(run.gaps.map(({ unseen }) => unseen.kind)).toContain('locked-out');
  }, 90_000);
});
