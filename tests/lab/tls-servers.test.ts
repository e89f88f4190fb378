/**
 * nginx and lighttpd in eight configurations each, stunnel, and gnutls-serv with what OpenSSL no longer has: versions and
 * suites against sslscan and nmap, and what else each configuration is made to show.
 */
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  httpHeaders,
  netService,
  tlsCertificate,
  tlsChain,
  tlsConfiguration,
  tlsVulnerability,
} from '../../src/facts/index.ts';
import { httpHeadersProbe } from '../../src/plugins/probes/http/headers.ts';
import { certificatesIn, type Issued, joined } from '../support/certificates.ts';
import { loopback } from '../support/door.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';
import { lookAtTls, suitesOf, versionsOf } from '../support/tls-look.ts';
import { byNmap, bySslscan } from '../support/tls-peers.ts';

const need = ['openssl', 'sslscan', 'nmap', 'nginx', 'lighttpd', 'gnutls-serv', 'stunnel4'];
const missing = need.filter((name) => program(name) === undefined);

let lab: Lab;
const file = (name: string): string => join(lab.folder, name);
const issued: Record<string, Issued> = {};
const at = (name: string): Issued => issued[name]!;

/** What is served: PEM files of chain and key, one pair or two. */
interface Served {
  readonly pairs: readonly (readonly [cert: string, key: string])[];
  readonly nginx: string;
  readonly lighttpd: string;
}

/** A chain of three, whose parts a server may send in any order. */
function authorities(): void {
  const make = certificatesIn(lab.folder);
  Object.assign(issued, {
    rsa: make('rsa'),
    ec: make('ec', { kind: 'ec' }),
    expired: make('expired', { expired: true }),
    wrong: make('wrong', { names: 'DNS:other.example' }),
    root: make('root', { kind: 'ec', ca: true }),
  });
  issued['middle'] = make('middle', { kind: 'ec', ca: true, by: at('root') });
  issued['leaf'] = make('leaf', { kind: 'ec', by: at('middle') });
  joined(file('ordered.pem'), at('leaf').cert, at('middle').cert);
  joined(file('disordered.pem'), at('leaf').cert, at('root').cert, at('middle').cert);
}

/** An OCSP response for the leaf, as an authority would have given it. */
function staple(): void {
  const serial = spawnSync('openssl', ['x509', '-in', at('leaf').cert, '-noout', '-serial'], { encoding: 'utf8' });
  const number = serial.stdout.trim().replace('serial=', '');
  writeFileSync(file('ocsp.index'), `V\t350101000000Z\t\t${number}\tunknown\t/CN=leaf\n`);
  const who = ['-issuer', at('middle').cert, '-cert', at('leaf').cert];
  const by = ['-rsigner', at('middle').cert, '-rkey', at('middle').key, '-CA', at('middle').cert];
  const run = spawnSync(
    'openssl',
    ['ocsp', '-index', file('ocsp.index'), ...by, ...who, '-respout', file('staple.der'), '-ndays', '9', '-noverify'],
    { encoding: 'utf8' },
  );
  if (run.status !== 0) throw new Error(run.stderr);
}

const own = (name: string): Served['pairs'] => [[at(name).cert, at(name).key]];
const CONFIGURATIONS: Record<string, () => Served> = {
  'modern: TLS 1.3 alone, ECDSA': () => ({
    pairs: own('ec'),
    nginx: 'ssl_protocols TLSv1.3;',
    lighttpd: 'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.3")',
  }),
  'intermediate: no tickets, h2, HSTS': () => ({
    pairs: own('rsa'),
    nginx: `ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; ssl_session_tickets off;
      http2 on; add_header Strict-Transport-Security "max-age=63072000" always;`,
    lighttpd: `ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2", "CipherString" => "ECDHE+AESGCM:ECDHE+CHACHA20", "Options" => "-SessionTicket")
      setenv.add-response-header = ("Strict-Transport-Security" => "max-age=63072000")`,
  }),
  'old: TLS 1.0 up, every suite that OpenSSL has': () => ({
    pairs: own('rsa'),
    nginx: 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:aNULL:@SECLEVEL=0;',
    lighttpd: 'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1", "CipherString" => "ALL:aNULL:@SECLEVEL=0")',
  }),
  expired: () => ({ pairs: own('expired'), nginx: '', lighttpd: '' }),
  'wrong name': () => ({ pairs: own('wrong'), nginx: '', lighttpd: '' }),
  'chain out of order': () => ({ pairs: [[file('disordered.pem'), at('leaf').key]], nginx: '', lighttpd: '' }),
  'client certificate demanded': () => ({
    pairs: own('ec'),
    nginx: `ssl_client_certificate ${at('root').cert}; ssl_verify_client on;`,
    lighttpd: `ssl.verifyclient.activate = "enable"\nssl.verifyclient.enforce = "enable"\nssl.ca-file = "${at('root').cert}"`,
  }),
  'stapled, chain incomplete': () => ({
    pairs: own('leaf'),
    nginx: `ssl_stapling on; ssl_stapling_file ${file('staple.der')};`,
    lighttpd: `ssl.stapling-file = "${file('staple.der')}"`,
  }),
};

async function nginx(name: string, { pairs, nginx: settings }: Served): Promise<number> {
  const port = await freePort();
  const h2 = settings.includes('http2 on;') ? ' http2' : '';
  const keys = pairs.map(([cert, key]) => `ssl_certificate ${cert}; ssl_certificate_key ${key};`).join(' ');
  const text = `daemon off; pid ${file(`${name}.pid`)}; error_log stderr; events {}
    http { access_log off; client_body_temp_path ${file('t1')}; proxy_temp_path ${file('t2')}; fastcgi_temp_path ${file('t3')};
      uwsgi_temp_path ${file('t4')}; scgi_temp_path ${file('t5')};
      server { listen 127.0.0.1:${port} ssl${h2}; ${keys} ${settings.replace('http2 on;', '')} location / { return 200 "hello"; } } }`;
  writeFileSync(file(`${name}.conf`), text);
  await lab.start(program('nginx')!, ['-p', lab.folder, '-c', file(`${name}.conf`), '-e', 'stderr'], port);
  return port;
}

async function lighttpd(name: string, { pairs, lighttpd: settings }: Served): Promise<number> {
  const port = await freePort();
  // lighttpd has one pair of its own; OpenSSL itself is told of a second, of another kind of key.
  const [[cert, key], second] = [pairs[0]!, pairs[1]];
  const both =
    second === undefined
      ? ''
      : `ssl.openssl.ssl-conf-cmd = ("Certificate" => "${second[0]}", "PrivateKey" => "${second[1]}")\n`;
  const text = `server.modules = ("mod_openssl", "mod_setenv")\nserver.document-root = "${lab.folder}"\nserver.port = ${port}
server.bind = "127.0.0.1"\nssl.engine = "enable"\nssl.pemfile = "${cert}"\nssl.privkey = "${key}"\n${both}${settings}\n`;
  writeFileSync(file(`${name}.lighttpd`), text);
  await lab.start(program('lighttpd')!, ['-D', '-f', file(`${name}.lighttpd`)], port);
  return port;
}

async function gnutls(priority: string, pair: string, ...args: readonly string[]): Promise<number> {
  const port = await freePort();
  const keys = ['--x509certfile', at(pair).cert, '--x509keyfile', at(pair).key];
  await lab.start('gnutls-serv', ['--http', '-q', '-p', `${port}`, ...keys, '--priority', priority, ...args], port);
  return port;
}

const sha256Of = (cert: string): string =>
  new X509Certificate(readFileSync(cert)).fingerprint256.replaceAll(':', '').toLowerCase();

/** All of what a peer names is seen here; what is seen here alone is given back. */
const beyond = (ours: readonly string[], peer: readonly string[]): readonly string[] => {
  expect(ours).toEqual(expect.arrayContaining([...peer]));
  return ours.filter((suite) => !peer.includes(suite));
};

/**
 * Compares with sslscan and nmap, which run side by side. sslscan counts a suite once the handshake is through: where
 * lighttpd ends it for want of a client's certificate, it sees those of TLS 1.3 alone, whose client is through before.
 */
async function compare(port: number, run: Run, demands = false): Promise<void> {
  const ours = suitesOf(run);
  const [sslscan, nmap] = await Promise.all([bySslscan(port), byNmap(port)]);
  if (demands) beyond(ours, sslscan);
  else expect(ours).toEqual(sslscan);
  expect(ours).toEqual(nmap);
}

describe.skipIf(missing.length > 0)(`TLS of real servers (missing: ${missing.join(' ') || 'nothing'})`, () => {
  const runs = new Map<string, { readonly port: number; readonly run: Run }>();
  beforeAll(async () => {
    lab = openLab();
    authorities();
    staple();
    for (const [name, served] of Object.entries(CONFIGURATIONS)) {
      const short = name.replaceAll(/[^a-z]/g, '');
      const ports = [await nginx(short, served()), await lighttpd(short, served())];
      for (const [index, server] of ['nginx', 'lighttpd'].entries()) {
        const port = ports[index]!;
        const service = aFact(netService, endpoint(port), { protocol: 'http', transport: 'tcp', tls: true });
        runs.set(`${server} ${name}`, { port, run: await lookAtTls(port, { known: [service] }) });
      }
    }
  });
  afterAll(() => lab.stop());

  const each = ['nginx', 'lighttpd'].flatMap((server) =>
    Object.keys(CONFIGURATIONS).map((name) => `${server} ${name}`),
  );
  test.each(each)('%s: suites equal sslscan and nmap', async (name) => {
    const { port, run } = runs.get(name)!;
    expect(run.gaps).toEqual([]);
    await compare(port, run, name === 'lighttpd client certificate demanded');
  });

  describe.each(['nginx', 'lighttpd'])('%s', (server) => {
    const seen = (name: string): Run => runs.get(`${server} ${name}`)!.run;
    const configuration = (name: string) => seen(name).of(tlsConfiguration)[0]!;
    test('modern takes TLS 1.3 alone, with a key of EC', () => {
      const run = seen('modern: TLS 1.3 alone, ECDSA');
      expect(versionsOf(run)).toEqual(['TLSv1.3']);
      expect(run.of(tlsCertificate)).toMatchObject([{ keyType: 'EC', keyBits: 256 }]);
    });
    test('intermediate takes no session of TLS 1.2 up again, speaks h2 and sets HSTS', async () => {
      const name = 'intermediate: no tickets, h2, HSTS';
      expect(versionsOf(seen(name))).toEqual(['TLSv1.2', 'TLSv1.3']);
      // Of TLS 1.3 OpenSSL gives tickets all the same, which stand for sessions that it keeps itself.
      expect(configuration(name)).toMatchObject({ resumption: [], tickets: true, alpn: ['h2'] });
      const { port } = runs.get(`${server} ${name}`)!;
      const known = [aFact(netService, endpoint(port), { protocol: 'http', transport: 'tcp', tls: true })];
      const headers = await runProbe(httpHeadersProbe, { known, dial: loopback() });
      expect(headers.of(httpHeaders)).toMatchObject([{ hsts: true, hstsSeconds: 63_072_000 }]);
    });
    test('old is open to BEAST and has tickets', () => {
      const name = 'old: TLS 1.0 up, every suite that OpenSSL has';
      expect(versionsOf(seen(name))).toEqual(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
      expect(seen(name).of(tlsVulnerability)).toContainEqual(
        expect.objectContaining({ name: 'beast', vulnerable: true }),
      );
      expect(configuration(name)).toMatchObject({ tickets: true, fallbackScsv: true, downgradeSentinel: true });
    });
    test('the certificate that expired, and the one for another name, are told', () => {
      expect(seen('expired').of(tlsCertificate)).toMatchObject([{ notAfter: expect.stringMatching(/^2016-01-01/) }]);
      expect(seen('wrong name').of(tlsChain)).toMatchObject([{ nameMatches: false }]);
      expect(seen('expired').of(tlsChain)).toMatchObject([{ nameMatches: true }]);
    });
    test('a chain out of order and one without its middle are told', () => {
      expect(seen('chain out of order').of(tlsChain)).toMatchObject([{ ordered: false, length: 3 }]);
      expect(seen('stapled, chain incomplete').of(tlsChain)).toMatchObject([{ length: 1, trust: 'unknown-authority' }]);
    });
    test('a client certificate is demanded, and a stranger has none that is taken', () => {
      expect(configuration('client certificate demanded')).toMatchObject({
        clientCertificate: 'required',
        strangerAccepted: false,
      });
    });
    test('a stapled OCSP response is seen where there is one', () => {
      expect(configuration('stapled, chain incomplete')).toMatchObject({ ocspStapling: true });
      expect(configuration('wrong name')).toMatchObject({ ocspStapling: false });
    });
  });

  test.each([
    ['nginx', nginx],
    ['lighttpd', lighttpd],
  ] as const)('%s with an RSA and an ECDSA certificate: both are read, of TLS 1.2 and of 1.3', async (name, serve) => {
    const pairs = [...own('rsa'), ...own('ec')];
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const port = await serve(`dual-${name}-${version}`, {
        pairs,
        nginx: `ssl_protocols ${version};`,
        lighttpd: `ssl.openssl.ssl-conf-cmd += ("MinProtocol" => "${version}", "MaxProtocol" => "${version}")`,
      });
      const run = await lookAtTls(port);
      expect(run.gaps).toEqual([]);
      const certificates = run.of(tlsCertificate);
      expect(certificates.map(({ keyType }) => keyType).sort()).toEqual(['EC', 'RSA']);
      expect(new Set(certificates.map(({ sha256 }) => sha256))).toEqual(new Set(pairs.map(([cert]) => sha256Of(cert))));
      expect(run.of(tlsChain)).toHaveLength(2);
      expect(suitesOf(run)).toEqual(await bySslscan(port));
    }
  });

  test('a complete chain is trusted by the authority that is given', async () => {
    const pairs = [[file('ordered.pem'), at('leaf').key]] as const;
    const port = await nginx('ordered', { pairs, nginx: '', lighttpd: '' });
    const der = spawnSync('openssl', ['x509', '-in', at('root').cert, '-outform', 'DER']).stdout;
    const run = await lookAtTls(port, { authorities: [der] });
    expect(run.of(tlsChain)).toMatchObject([{ trust: 'given-authority', ordered: true, length: 2, nameMatches: true }]);
  });

  test('stunnel in front of a plain server', async () => {
    const [port, behind] = [await freePort(), await freePort()];
    await lab.start(program('busybox') ?? '', ['httpd', '-f', '-p', `127.0.0.1:${behind}`, '-h', lab.folder], behind);
    const text = `foreground = yes\npid =\n[s]\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${behind}
cert = ${at('rsa').cert}\nkey = ${at('rsa').key}\nciphers = ALL:@SECLEVEL=0\nsecurityLevel = 0\nsslVersionMin = TLSv1\n`;
    writeFileSync(file('stunnel.conf'), text);
    await lab.start('stunnel4', [file('stunnel.conf')], port);
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    await compare(port, run);
  });

  test('gnutls-serv with what OpenSSL no longer has: RC4, 3DES, NULL, MD5, Camellia, CCM_8, anonymous', async () => {
    const more =
      '+3DES-CBC:+ARCFOUR-128:+NULL:+MD5:+CAMELLIA-128-CBC:+CAMELLIA-256-GCM:+AES-128-CCM-8:+ANON-ECDH:+ANON-DH';
    const port = await gnutls(`NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.2:+VERS-TLS1.3:${more}:%COMPAT`, 'rsa');
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    const ours = suitesOf(run);
    for (const part of [
      'RC4_128',
      '3DES_EDE',
      'WITH_NULL',
      '_MD5',
      'CAMELLIA_128_CBC',
      'CAMELLIA_256_GCM',
      'CCM_8',
      '_anon_',
    ])
      expect(ours.join(' ')).toContain(part);
    expect(beyond(ours, await byNmap(port))).toEqual([]);
    // sslscan's OpenSSL has no RC4, no 3DES, no MD5, and no Camellia in GCM.
    for (const suite of beyond(ours, await bySslscan(port))) expect(suite).toMatch(/RC4|3DES|MD5|CAMELLIA_256_GCM/);
  });

  test('gnutls-serv with pre-shared keys alone: suites equal nmap', async () => {
    writeFileSync(file('psk'), 'cam:9e32cf7786321a828ef7668f09fb35db\n');
    const port = await freePort();
    const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK:+DHE-PSK:+ECDHE-PSK';
    await lab.start(
      'gnutls-serv',
      ['--http', '-q', '-p', `${port}`, '--pskpasswd', file('psk'), '--priority', priority],
      port,
    );
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    expect(run.of(tlsCertificate)).toEqual([]);
    expect(suitesOf(run).every((suite) => suite.includes('_PSK_'))).toBe(true);
    expect(suitesOf(run)).toEqual(await byNmap(port));
  });
});
