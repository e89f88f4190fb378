/** Default logins on every surface: found, refused, never locked out, never mistaken for open access. */
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { vncResponse } from '../../../../src/codecs/protocols/vnc-handshake.ts';
import type { Probe } from '../../../../src/core/model/gatherer.ts';
import { loginDefault, loginOpen, loginSurface, loginThrottling, netService } from '../../../../src/facts/index.ts';
import { credentialsFtp } from '../../../../src/plugins/probes/credentials/ftp.ts';
import { credentialsHttpBasic } from '../../../../src/plugins/probes/credentials/http-basic.ts';
import { credentialsHttpDigest } from '../../../../src/plugins/probes/credentials/http-digest.ts';
import { credentialsHttpForm } from '../../../../src/plugins/probes/credentials/http-form.ts';
import { credentialsMqtt } from '../../../../src/plugins/probes/credentials/mqtt.ts';
import { credentialsRtsp } from '../../../../src/plugins/probes/credentials/rtsp.ts';
import { credentialsSnmp } from '../../../../src/plugins/probes/credentials/snmp.ts';
import { credentialsSsh } from '../../../../src/plugins/probes/credentials/ssh.ts';
import { credentialsTelnet } from '../../../../src/plugins/probes/credentials/telnet.ts';
import { credentialsVnc } from '../../../../src/plugins/probes/credentials/vnc.ts';
import {
  Accounts,
  serveBasic,
  serveDigest,
  serveForm,
  serveFtp,
  serveMqtt,
  serveSsh,
  serveSshExpired,
  serveSshKeyboard,
  serveSshLocking,
  serveTelnet,
} from '../../../support/login-servers.ts';
import { listen, type Peer } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

type Protocol = Parameters<typeof surface>[1];
const surface = (
  port: number,
  protocol: 'http-basic' | 'http-digest' | 'http-form' | 'ssh' | 'telnet' | 'ftp' | 'mqtt' | 'snmp' | 'rtsp' | 'vnc',
) =>
  aFact(loginSurface, endpoint(port, protocol === 'snmp' ? 'udp' : 'tcp'), {
    protocol,
    encrypted: protocol === 'ssh',
    path: '/',
  });

const attempt = async (probe: Probe, protocol: Protocol, peer: Peer, tries = 3, banner?: string): Promise<Run> => {
  const known = [surface(peer.port, protocol)];
  const service = {
    protocol: 'unknown',
    transport: 'tcp',
    tls: false,
    ...(banner === undefined ? {} : { banner }),
  } as const;
  const run = await runProbe(probe, {
    known: [...known, aFact(netService, endpoint(peer.port), service)],
    settings: { credentialTries: tries, credentials: true, state: 'factory' },
  });
  await peer.stop();
  return run;
};

const COUNTED: readonly (readonly [Protocol, Probe, (accounts: Accounts) => Promise<Peer>])[] = [
  ['http-basic', credentialsHttpBasic, serveBasic],
  ['http-form', credentialsHttpForm, serveForm],
  ['ftp', credentialsFtp, serveFtp],
  ['telnet', credentialsTelnet, serveTelnet],
  ['ssh', credentialsSsh, serveSsh],
  ['ssh', credentialsSsh, serveSshKeyboard],
  ['mqtt', credentialsMqtt, serveMqtt],
];

describe.each(COUNTED)('%s', (protocol, probe, serve) => {
  test('a known login is found with its proof, while a random one is refused', async () => {
    const accounts = new Accounts({ root: 'root' });
    const run = await attempt(probe, protocol, await serve(accounts));
    expect(run.of(loginDefault)).toMatchObject([
      {
        protocol,
        accepted: true,
        account: 'root',
        password: 'root',
        state: 'factory',
        proof: expect.stringMatching(/./),
      },
    ]);
    expect(run.of(loginOpen)).toEqual([{ protocol, open: false, how: 'closed', state: 'factory' }]);
    expect(accounts.tried[0]).toMatch(/^Zq[0-9a-f]{12}:Zq[0-9a-f]{12}$/);
    // What a new unit takes leaves open what one in use takes.
    expect(run.gaps.map(({ unseen }) => ('flag' in unseen ? unseen.flag : ''))).toContain('--state initialised');
  });

  test.each([3, 5])('an account that locks at %i wrong tries is never locked', async (lockAt) => {
    const accounts = new Accounts({ admin: 'Very-Own-7' }, lockAt);
    const run = await attempt(probe, protocol, await serve(accounts));
    expect(accounts.lockedAccounts).toEqual([]);
    expect(accounts.tried.length).toBeGreaterThan(15);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
    expect(run.gaps.map((gap) => gap.facts.join())).toContain('login.default');
  });

  test('a server that takes anybody has open access and no default login', async () => {
    const run = await attempt(probe, protocol, await serve(new Accounts({}, Number.POSITIVE_INFINITY, true)));
    expect(run.of(loginDefault)).toEqual([]);
    expect(run.of(loginOpen)).toMatchObject([{ open: true, how: 'any-credentials' }]);
  });
});

test.each([
  'New password: ',
  'You are required to change your password immediately.\nCurrent password: ',
  '(current) UNIX password: ',
])('an SSH server that asks %j has taken the password, and forces the change', async (asks) => {
  const run = await attempt(credentialsSsh, 'ssh', await serveSshExpired(new Accounts({ root: 'root' }), asks));
  expect(run.of(loginDefault)).toMatchObject([{ accepted: true, account: 'root', forcedChange: 'seen' }]);
});

test('a lock that an SSH server tells of in its prompt ends the tries, and no later one counts as judged', async () => {
  const accounts = new Accounts({ admin: 'Very-Own-7' }, 3);
  const run = await attempt(credentialsSsh, 'ssh', await serveSshLocking(accounts), 10);
  expect(run.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'lock-out' }]);
  expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
});

describe('budget and signals', () => {
  test('with a raised budget the whole list is tried, and an unchanged answer means no throttling', async () => {
    const run = await attempt(credentialsHttpBasic, 'http-basic', await serveBasic(new Accounts({})), 50);
    expect(run.gaps).toEqual([]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: true }]);
    expect(run.of(loginThrottling)).toMatchObject([{ throttled: false, signal: 'none' }]);
  });

  test('a lock-out that shows is recorded and ends the tries', async () => {
    const accounts = new Accounts({}, 4);
    const run = await attempt(credentialsHttpBasic, 'http-basic', await serveBasic(accounts), 50);
    expect(run.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'lock-out' }]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
    expect(run.gaps).toMatchObject([{ unseen: { kind: 'locked-out' }, facts: ['login.default'] }]);
    expect(accounts.tried.length).toBeLessThan(60);
  });

  test('answers that grow slower are recorded as a delay', async () => {
    let wrong = 0;
    const peer = await listen((socket) => {
      socket.write('220 camera\r\n');
      socket.on('data', (bytes) => {
        if (bytes.toString().startsWith('USER')) socket.write('331 password\r\n');
        else setTimeout(() => socket.write('530 no\r\n'), wrong++ > 2 ? 2500 : 0);
      });
    });
    const run = await attempt(credentialsFtp, 'ftp', peer);
    expect(run.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'delay' }]);
  });

  test('a server that stops answering is recorded as a disconnect', async () => {
    let taken = 0;
    const peer = await listen((socket) => {
      if (taken++ > 3) {
        socket.destroy();
        return;
      }
      socket.write('220 camera\r\n');
      socket.on('data', (bytes) => socket.write(bytes.toString().startsWith('USER') ? '331 go\r\n' : '530 no\r\n'));
    });
    const run = await attempt(credentialsFtp, 'ftp', peer);
    expect(run.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'disconnect' }]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
  });

  test('a try that is counted but not answered is spent: no account is locked by asking again', async () => {
    const accounts = new Accounts({}, 3);
    const peer = await listen((socket) => {
      let account = '';
      socket.write('220 camera\r\n');
      socket.on('data', (bytes) => {
        const [verb, word = ''] = bytes.toString().trim().split(' ');
        if (verb === 'USER') {
          account = word;
          socket.write('331 go\r\n');
        } else {
          accounts.check(account, word);
          if (account.startsWith('Zq')) socket.write('530 no\r\n');
          else socket.destroy();
        }
      });
    });
    const run = await attempt(credentialsFtp, 'ftp', peer);
    expect(accounts.lockedAccounts).toEqual([]);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
  });

  test('the maker that a banner names has its pairs tried first', async () => {
    const accounts = new Accounts({ admin: '12345' });
    const run = await attempt(credentialsFtp, 'ftp', await serveFtp(accounts), 3, 'Hikvision FTP');
    expect(run.of(loginDefault)).toMatchObject([{ accepted: true, password: '12345', tried: expect.any(Number) }]);
    expect(accounts.tried[1]).toBe('admin:12345');
  });

  test('an account that takes every password is open access', async () => {
    const peer = await listen((socket) => {
      let account = '';
      socket.write('220 camera\r\n');
      socket.on('data', (bytes) => {
        const [verb, name = ''] = bytes.toString().trim().split(' ');
        if (verb === 'USER') account = name;
        if (verb === 'USER') socket.write('331 go\r\n');
        else socket.write(verb === 'PASS' && account === 'root' ? '230 in\r\n' : '530 no\r\n');
      });
    });
    const run = await attempt(credentialsFtp, 'ftp', peer);
    expect(run.of(loginDefault)).toEqual([]);
    expect(run.of(loginOpen)).toMatchObject([{ open: true, how: 'any-credentials' }]);
  });

  test('a service that does not answer at all leaves a gap and no fact', async () => {
    const peer = await listen((socket) => socket.destroy());
    const run = await attempt(credentialsFtp, 'ftp', peer);
    expect(run.facts).toEqual([]);
    expect(run.gaps).toMatchObject([{ facts: ['login.default', 'login.open', 'login.throttling'] }]);
  });
});

describe('the other surfaces', () => {
  test.each(['MD5', 'SHA-256'] as const)('Digest with %s', async (algorithm) => {
    const run = await attempt(credentialsHttpDigest, 'http-digest', await serveDigest(algorithm, ['admin', 'admin']));
    expect(run.of(loginDefault)).toMatchObject([{ accepted: true, account: 'admin', password: 'admin' }]);
  });

  test('RTSP by Basic', async () => {
    const peer = await listen((socket) => {
      socket.on('data', (bytes) => {
        const sent = /Authorization: Basic (\S+)/.exec(bytes.toString())?.[1] ?? '';
        const inside = Buffer.from(sent, 'base64').toString() === 'admin:admin';
        const sdp = 'v=0\r\no=- 1 1 IN IP4 0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\n';
        if (inside) socket.write(`RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`);
        else socket.write('RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n');
      });
    });
    const run = await attempt(credentialsRtsp, 'rtsp', peer);
    expect(run.of(loginDefault)).toMatchObject([
      { accepted: true, account: 'admin', proof: expect.stringContaining('session description') },
    ]);
  });

  test('a VNC password', async () => {
    const challenge = Buffer.alloc(16, 7);
    const peer = await listen((socket) => {
      let step = 0;
      socket.write('RFB 003.008\n');
      socket.on('data', (bytes) => {
        step += 1;
        if (step === 1) socket.write(Buffer.of(1, 2));
        else if (step === 2) socket.write(challenge);
        else socket.write(Buffer.from([0, 0, 0, bytes.equals(vncResponse(challenge, 'admin')) ? 0 : 1]));
      });
    });
    const run = await attempt(credentialsVnc, 'vnc', peer);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: true, password: 'admin' }]);
  });

  test('an SNMP community, all of them asked at once', async () => {
    const socket = createSocket('udp4');
    socket.on('message', (bytes, from) => {
      if (!bytes.includes('private')) return;
      const answer = Buffer.from(bytes);
      answer[answer.indexOf(0xa0)] = 0xa2;
      socket.send(answer, from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address() as AddressInfo;
    const run = await runProbe(credentialsSnmp, { known: [surface(port, 'snmp')], settings: { credentials: true } });
    socket.close();
    expect(run.of(loginDefault)).toMatchObject([{ accepted: true, password: 'private' }]);
  });
});
