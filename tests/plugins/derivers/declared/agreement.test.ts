/** What the maker declares against what was seen: contradictions are told, silence is not, and absence only where all was looked at. */
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../../src/core/model/fact.ts';
import {
  accountAuthorizedKey,
  accountPassword,
  accountUser,
  declaredCryptography,
  declaredFeature,
  declaredKey,
  declaredListener,
  declaredLogin,
  declaredSupport,
  featurePresent,
  loginDefault,
  loginSurface,
  netPort,
  netService,
  netSweep,
  sshAlgorithm,
  tlsCertificate,
  tlsCipher,
  tlsProtocol,
  updateSignature,
  updateSigned,
} from '../../../../src/facts/index.ts';
import {
  certificatesSupport,
  declaredAccounts,
  declaredCryptographies,
  declaredFeatures,
  declaredListeners,
  declaredLogins,
  declaredTakenLogins,
  declaredUpdateKeys,
} from '../../../../src/plugins/derivers/index.ts';
import { derive } from '../../../support/derive.ts';
import { aFact, endpoint } from '../../../support/probe.ts';

const target = { kind: 'target' } as const;
const host = { kind: 'host', host: '127.0.0.1' } as const;

describe('listeners', () => {
  const listener = (port: number, transport: 'tcp' | 'udp' = 'tcp', protocol?: string): Fact =>
    aFact(declaredListener, target, { port, transport, ...(protocol === undefined ? {} : { protocol }) });
  const open = (port: number, transport: 'tcp' | 'udp' = 'tcp'): Fact =>
    aFact(netPort, endpoint(port, transport), { port, transport });
  const sweep = (complete: boolean): Fact =>
    aFact(netSweep, host, { transport: 'tcp', ports: '1-65535', open: 1, closed: 0, silent: 0, complete });

  test('an open port that is not declared, and one that is', async () => {
    const { told } = await derive(declaredListeners, [listener(443), open(443), open(23), sweep(false)]);
    expect(told).toEqual([
      'undeclared true 443/tcp | 443/tcp is open',
      'undeclared false not declared | 23/tcp is open',
      'absent true 443/tcp | open',
    ]);
  });

  test('a declared port that does not answer is absent only where every port was tried', async () => {
    expect((await derive(declaredListeners, [listener(443), sweep(true)])).told).toEqual([
      'absent false 443/tcp | not open',
    ]);
    const partly = await derive(declaredListeners, [listener(443), sweep(false)]);
    expect([partly.told, partly.gaps.length]).toEqual([[], 1]);
    const second = await derive(declaredListeners, [listener(443), sweep(true), sweep(false)]);
    expect([second.told, second.gaps.length]).toEqual([[], 1]);
  });

  test('silence over UDP says nothing, however many ports were tried', async () => {
    const { told, gaps } = await derive(declaredListeners, [listener(5353, 'udp'), sweep(true)]);
    expect(told).toEqual([]);
    expect(gaps[0]).toContain('5353/udp');
  });

  test('without a list of listeners nothing is undeclared', async () => {
    expect(await derive(declaredListeners, [open(23), sweep(true)], ['declared.listener'])).toEqual({
      told: [],
      facts: [],
      gaps: [],
    });
  });

  test('less protection than declared is told, more is not', async () => {
    const speaks = (port: number, tls: boolean): Fact =>
      aFact(netService, endpoint(port), { protocol: 'http', transport: 'tcp', tls });
    const { told } = await derive(declaredListeners, [
      listener(443, 'tcp', 'https'),
      listener(80, 'tcp', 'HTTP'),
      listener(8080, 'tcp', 'our own'),
      sweep(false),
      speaks(443, false),
      speaks(80, true),
      speaks(8080, false),
    ]);
    expect(told).toEqual([
      'protocol false 443/tcp speaks https | http',
      'protocol true 80/tcp speaks http | http inside TLS',
    ]);
  });
});

describe('cryptography', () => {
  const channel = (data: object): Fact =>
    aFact(declaredCryptography, target, { id: 'ComMech-1', protocol: 'TLS', algorithms: [], ...data });
  const takes = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | 'DTLSv1.2', port = 443, accepted = true): Fact =>
    aFact(tlsProtocol, endpoint(port), { version, accepted });
  const suite = (name: string): Fact =>
    aFact(tlsCipher, endpoint(443), {
      version: 'TLSv1.2',
      suite: name,
      code: 1,
      keyExchange: 'ECDHE',
      authentication: 'RSA',
      encryption: 'AES-128-GCM',
      bits: 128,
      mac: 'AEAD',
      forwardSecrecy: true,
      aead: true,
      weaknesses: [],
    });
  const offers = (kind: 'kex' | 'mac' | 'compression', name: string): Fact =>
    aFact(sshAlgorithm, endpoint(22), { kind, name, rating: 'good', weaknesses: [] });

  test('versions against a list and against a floor', async () => {
    const seen = [takes('TLSv1.1'), takes('TLSv1.2'), takes('TLSv1.3', 443, false)];
    expect((await derive(declaredCryptographies, [channel({ versions: ['TLSv1.2'] }), ...seen])).told).toEqual([
      'tls-version false TLSv1.2 | TLSv1.1',
      'tls-version true TLSv1.2 | TLSv1.2',
    ]);
    expect((await derive(declaredCryptographies, [channel({ floor: 'TLSv1.2' }), ...seen])).told).toEqual([
      'tls-version false TLSv1.2, TLSv1.3 | TLSv1.1',
      'tls-version true TLSv1.2, TLSv1.3 | TLSv1.2',
    ]);
  });

  test('a channel that names its port speaks for that port, the others for the rest', async () => {
    const channels = [channel({ versions: ['TLSv1.1'], ports: ['8443/tcp'] }), channel({ versions: ['TLSv1.2'] })];
    const { told } = await derive(declaredCryptographies, [...channels, takes('TLSv1.1', 8443), takes('TLSv1.1', 443)]);
    expect(told).toEqual(['tls-version true TLSv1.1 | TLSv1.1', 'tls-version false TLSv1.2 | TLSv1.1']);
  });

  test('what the maker does not say contradicts nothing', async () => {
    expect((await derive(declaredCryptographies, [channel({}), takes('TLSv1.1'), suite('X')])).told).toEqual([]);
    expect((await derive(declaredCryptographies, [takes('TLSv1.1')])).told).toEqual([]);
    const dtls = channel({ protocol: 'DTLS', versions: ['DTLSv1.2'] });
    expect((await derive(declaredCryptographies, [dtls, takes('TLSv1.1'), takes('DTLSv1.2')])).told).toEqual([
      'tls-version true DTLSv1.2 | DTLSv1.2',
    ]);
  });

  test('suites and SSH algorithms against their lists, kind by kind', async () => {
    const { told } = await derive(declaredCryptographies, [
      channel({ suites: ['GOOD'] }),
      channel({ protocol: 'SSH', kex: ['curve25519-sha256'] }),
      suite('GOOD'),
      suite('BAD'),
      offers('kex', 'curve25519-sha256'),
      offers('kex', 'diffie-hellman-group1-sha1'),
      offers('mac', 'hmac-md5'),
      offers('compression', 'zlib'),
    ]);
    expect(told).toEqual([
      'tls-suite true GOOD | GOOD',
      'tls-suite false GOOD | BAD',
      'ssh-algorithm true curve25519-sha256 | curve25519-sha256',
      'ssh-algorithm false curve25519-sha256 | diffie-hellman-group1-sha1',
    ]);
  });
});

describe('accounts', () => {
  const said = (account: string, login = true, through: readonly string[] = []): Fact =>
    aFact(declaredLogin, target, { account, login, through });
  const password = (account: string, state: 'usable' | 'empty' | 'locked', more: object = {}): Fact =>
    aFact(
      accountPassword,
      { kind: 'file', path: 'fw.bin!squashfs/etc/shadow' },
      {
        account,
        database: 'shadow',
        file: '/etc/shadow',
        line: 1,
        state,
        scheme: 'md5crypt',
        system: true,
        canLogIn: 'unknown',
        inForce: 'yes',
        forcedChange: false,
        replacedAtFirstBoot: 'no',
        cracked: 'no',
        crack: 'done',
        ...more,
      },
    );
  const user = (account: string, shell: string): Fact =>
    aFact(
      accountUser,
      { kind: 'file', path: 'fw.bin!squashfs/etc/passwd' },
      {
        account,
        uid: 1,
        gid: 1,
        shell,
        loginShell: true,
        superuser: false,
        duplicate: false,
        file: '/etc/passwd',
        line: 1,
      },
    );
  const authorized = aFact(
    accountAuthorizedKey,
    { kind: 'file', path: 'fw.bin!squashfs/home/dev/.ssh/authorized_keys' },
    { account: 'dev', type: 'ssh-rsa', fingerprint: 'SHA256:x', file: '/home/dev/.ssh/authorized_keys' },
  );

  test('an account that opens something must be declared with a login', async () => {
    const { told } = await derive(declaredAccounts, [
      said('admin'),
      said('root', false),
      password('admin', 'usable'),
      password('root', 'empty'),
      password('support', 'usable'),
      password('daemon', 'locked'),
      authorized,
    ]);
    expect(told).toEqual([
      'password true admin may log in | admin: a usable password in shadow',
      'password false root has no login | root: an empty password in shadow',
      'password false not declared | support: a usable password in shadow',
      'key false not declared | dev: a key that may log in over SSH',
    ]);
  });

  test('a password behind a shell that only says no is no login; of a service it is one', async () => {
    const shut = [password('ftp', 'usable'), user('ftp', '/usr/sbin/nologin')];
    expect((await derive(declaredAccounts, shut)).told).toEqual([]);
    const web = password('ftp', 'usable', { system: false, database: 'htpasswd' });
    expect((await derive(declaredAccounts, [web, user('ftp', '/usr/sbin/nologin')])).told).toHaveLength(1);
  });

  test('without a list of accounts nothing is undeclared', async () => {
    expect((await derive(declaredAccounts, [password('root', 'usable')], ['declared.login'])).told).toEqual([]);
    expect((await derive(declaredLogins, [], ['declared.login'])).told).toEqual([]);
  });

  test('a place that asks for credentials must be one through which some declared account comes', async () => {
    const asks = (protocol: 'http-form' | 'telnet'): Fact =>
      aFact(loginSurface, endpoint(80), { protocol, encrypted: false });
    const both = [asks('http-form'), asks('telnet')];
    expect((await derive(declaredLogins, [said('admin', true, ['http']), ...both])).told).toEqual([
      'surface true logins through http | http asks for credentials',
      'surface false no login through telnet | telnet asks for credentials',
    ]);
    // Nobody says through what admin comes: it may be this.
    expect((await derive(declaredLogins, [said('admin'), ...both])).told).toEqual([]);
    expect((await derive(declaredLogins, both)).told).toHaveLength(2);
  });

  test('an account that the device took must be declared; one that was refused says nothing', async () => {
    const tried = (account: string, accepted: boolean): Fact =>
      aFact(loginDefault, endpoint(80), {
        protocol: 'http-basic',
        accepted,
        account,
        tried: 1,
        exhausted: true,
        state: 'unknown',
        forcedChange: 'unknown',
      });
    const { told } = await derive(declaredTakenLogins, [
      said('admin'),
      tried('admin', true),
      tried('service', true),
      tried('root', false),
    ]);
    expect(told).toEqual([
      'account true admin may log in | admin logs in',
      'account false not declared | service logs in',
    ]);
  });
});

describe('update keys', () => {
  const update = { kind: 'update', update: 'fw.raucb' } as const;
  const key = aFact(declaredKey, target, { name: 'release', kind: 'spki', fingerprint: 'f1' });
  const signature = (outcome: 'verified' | 'signer-unknown' | 'wrong-key' | 'broken', more: object = {}): Fact =>
    aFact(updateSignature, update, {
      format: 'rauc',
      algorithm: 'RSA',
      hash: 'SHA-256',
      keyType: 'RSA',
      keyBits: 2048,
      outcome,
      ...more,
    });

  test('a declared key that signed agrees, another contradicts, and what cannot be told stays open', async () => {
    expect((await derive(declaredUpdateKeys, [key, signature('verified')])).told).toEqual([
      'signature true signed with release | signed with release',
    ]);
    expect((await derive(declaredUpdateKeys, [key, signature('wrong-key', { signer: 'CN=dev' })])).told).toEqual([
      'signature false signed with release | signed with CN=dev',
    ]);
    const open = await derive(declaredUpdateKeys, [key, signature('signer-unknown'), signature('broken')]);
    expect([open.told, open.gaps.length]).toEqual([[], 2]);
  });

  test('a public sample key contradicts unless it is the declared one', async () => {
    const sample = (keyFingerprint: string): Fact =>
      signature('signer-unknown', { keyFingerprint, sampleKey: 'MCUboot' });
    expect((await derive(declaredUpdateKeys, [key, sample('f2')])).told[0]).toContain('signature false');
    expect((await derive(declaredUpdateKeys, [key, sample('f1')])).told[0]).toContain('signature true');
  });

  test('an unsigned artefact contradicts a declared key, and nothing where none is declared', async () => {
    const unsigned = aFact(updateSigned, update, {
      format: 'trx',
      signed: false,
      verdict: 'unsigned',
      declaredAbsent: false,
      message: '',
    });
    expect((await derive(declaredUpdateKeys, [key, unsigned])).told).toEqual([
      'unsigned false signed with release | not signed',
    ]);
    expect((await derive(declaredUpdateKeys, [unsigned, signature('wrong-key')])).told).toEqual([]);
  });
});

test('a feature that is declared absent and observed contradicts; one that was not observed does not', async () => {
  const said = (name: string, present: boolean): Fact => aFact(declaredFeature, target, { name, present });
  const seen = (name: string, present: boolean): Fact => aFact(featurePresent, target, { name, present, basis: '' });
  const { told } = await derive(declaredFeatures, [
    said('web-ui', false),
    said('mqtt', true),
    said('ble', false),
    said('crypto', true),
    seen('web-ui', true),
    seen('mqtt', true),
    seen('ble', false),
  ]);
  expect(told).toEqual([
    'present false web-ui: absent | web-ui: present',
    'present true mqtt: present | mqtt: present',
  ]);
});

test('a leaf certificate is compared with the support period, to the day', async () => {
  const leaf = (notAfter: string, position: 'leaf' | 'root' = 'leaf'): Fact =>
    aFact(tlsCertificate, endpoint(443), {
      position,
      subject: 'CN=cam',
      issuer: 'CN=ca',
      serial: '1',
      notBefore: '2026-01-01T00:00:00Z',
      notAfter,
      days: 1,
      keyType: 'EC',
      keyBits: 256,
      signatureAlgorithm: '',
      signatureHash: 'SHA-256',
      spki: 's',
      sha256: 'c',
      selfSigned: false,
      ca: false,
      names: [],
    });
  const support = aFact(declaredSupport, target, { until: '2031-12-31' });
  const { facts } = await derive(certificatesSupport, [
    support,
    leaf('2031-12-31T00:00:00Z'),
    leaf('2031-12-30T23:59:59Z'),
    leaf('2020-01-01T00:00:00Z', 'root'),
  ]);
  expect(facts.map(({ data }) => (data as { outlives: boolean }).outlives)).toEqual([true, false]);
  expect((await derive(certificatesSupport, [leaf('2020-01-01T00:00:00Z')])).facts).toEqual([]);
  const vague = aFact(declaredSupport, target, { until: 'as long as possible' });
  expect((await derive(certificatesSupport, [vague, leaf('2020-01-01T00:00:00Z')])).facts).toEqual([]);
});
