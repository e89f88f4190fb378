/**
 * TLS where no scanner of the lab looks: DTLS by GnuTLS and OpenSSL, AUTH TLS of vsftpd, early data, sessions, and client
 * certificates of strangers, by openssl s_server.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ftpAccess, netService, tlsCertificate, tlsChain, tlsConfiguration } from '../../src/facts/index.ts';
import { ftpAccessProbe } from '../../src/plugins/probes/ftp/access.ts';
import { netUdp } from '../../src/plugins/probes/net/udp.ts';
import { certificatesIn, type Issued } from '../support/certificates.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { bound, freePort, type Lab, openLab, program } from '../support/process.ts';
import { lookAtTls, suitesOf, versionsOf } from '../support/tls-look.ts';

const need = ['openssl', 'gnutls-serv', 'vsftpd'];
const missing = need.filter((name) => program(name) === undefined);

let lab: Lab;
let rsa: Issued;
let ec: Issued;
beforeAll(() => {
  lab = openLab();
  const make = certificatesIn(lab.folder);
  rsa = make('rsa');
  ec = make('ec', { kind: 'ec' });
});
afterAll(() => lab.stop());

const configurationOf = (run: Run) => run.of(tlsConfiguration)[0]!;

describe.skipIf(missing.length > 0)(`DTLS (missing: ${missing.join(' ') || 'nothing'})`, () => {
  /** As the engine would: found by its answer, then looked into. */
  async function look(port: number): Promise<Run> {
    const found = await runProbe(netUdp, {
      subjects: [{ kind: 'host', host: '127.0.0.1' }],
      settings: { ports: String(port) },
    });
    expect(found.of(netService)).toMatchObject([{ protocol: 'dtls', transport: 'udp', tls: true }]);
    return lookAtTls(port, { transport: 'udp', known: found.facts });
  }

  test.each([
    ['1.0 and 1.2', '+VERS-DTLS1.0:+VERS-DTLS1.2', ['DTLSv1', 'DTLSv1.2']],
    ['1.2', '+VERS-DTLS1.2', ['DTLSv1.2']],
    ['1.0', '+VERS-DTLS1.0', ['DTLSv1']],
  ])('gnutls-serv, DTLS %s: versions, suites and certificate', async (_name, versions, expected) => {
    const port = await freePort();
    const keys = ['--x509certfile', rsa.cert, '--x509keyfile', rsa.key];
    const priority = `NORMAL:-VERS-ALL:${versions}:+CAMELLIA-128-CBC:+3DES-CBC`;
    await lab.start('gnutls-serv', ['--udp', '--echo', '-p', `${port}`, ...keys, '--priority', priority]);
    await bound(port);
    const run = await look(port);
    expect(run.gaps).toEqual([]);
    expect(versionsOf(run)).toEqual(expected);
    for (const version of expected) {
      const of = suitesOf(run).filter((suite) => suite.startsWith(`${version} `));
      expect(of).toContain(`${version} TLS_RSA_WITH_CAMELLIA_128_CBC_SHA`);
      expect(of).toContain(`${version} TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA`);
      // AEAD came with 1.2 (RFC 5246).
      expect(of.includes(`${version} TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`)).toBe(version === 'DTLSv1.2');
      expect(of.join(' ')).not.toMatch(/RC4/);
    }
    expect(run.of(tlsCertificate)).toMatchObject([{ keyType: 'RSA', keyBits: 2048 }]);
    expect(run.of(tlsChain)).toMatchObject([{ trust: 'self-signed', nameMatches: true }]);
  });

  test('openssl s_server: the suites that it was given, and its certificate', async () => {
    const port = await freePort();
    const cipher = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-CCM8';
    const files = ['-cert', ec.cert, '-key', ec.key];
    // `-listen` asks for the cookie, as servers on a network do.
    const args = ['s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, '-listen', '-quiet', '-cipher', cipher];
    await lab.start('openssl', [...args, ...files]);
    await bound(port);
    const run = await look(port);
    expect(suitesOf(run)).toEqual([
      'DTLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
      'DTLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'DTLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
    ]);
    expect(run.of(tlsCertificate)).toMatchObject([{ keyType: 'EC', keyBits: 256 }]);
  });
});

describe.skipIf(missing.length > 0)('AUTH TLS of vsftpd', () => {
  test('what lies behind it is looked at as any other TLS', async () => {
    const port = await freePort();
    chmodSync(lab.folder, 0o755);
    mkdirSync(join(lab.folder, 'empty'), { mode: 0o555 });
    const lines = [
      'listen=YES',
      'listen_address=127.0.0.1',
      `listen_port=${port}`,
      'background=NO',
      'anonymous_enable=NO',
      'local_enable=YES',
      'ssl_enable=YES',
      'ssl_tlsv1=YES',
      'ssl_ciphers=AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0',
      `rsa_cert_file=${rsa.cert}`,
      `rsa_private_key_file=${rsa.key}`,
      `secure_chroot_dir=${join(lab.folder, 'empty')}`,
      'nopriv_user=daemon',
      'seccomp_sandbox=NO',
      'isolate=NO',
      'isolate_network=NO',
      '',
    ];
    writeFileSync(join(lab.folder, 'vsftpd.conf'), lines.join('\n'));
    await lab.start(program('vsftpd')!, [join(lab.folder, 'vsftpd.conf')], port);
    const service = aFact(netService, endpoint(port), { protocol: 'ftp', transport: 'tcp', tls: false });
    const access = await runProbe(ftpAccessProbe, { known: [service] });
    expect(access.of(ftpAccess)).toMatchObject([{ authTls: true }]);
    const run = await lookAtTls(port, { known: [service, ...access.facts] });
    expect(run.gaps).toEqual([]);
    const classic = suitesOf(run).filter((suite) => !suite.startsWith('TLSv1.3 '));
    for (const suite of classic)
      expect(suite).toMatch(/TLS_RSA_WITH_AES_128_CBC_SHA$|TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384$/);
    expect(classic).toContain('TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA');
    expect(run.of(tlsCertificate)).toMatchObject([{ keyType: 'RSA', names: ['127.0.0.1'] }]);
    expect(configurationOf(run)).toMatchObject({ secureRenegotiation: true });
  });
});

describe.skipIf(missing.length > 0)('openssl s_server', () => {
  const server = async (...args: readonly string[]): Promise<number> => {
    const port = await freePort();
    const files = ['-cert', rsa.cert, '-key', rsa.key];
    await lab.start('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...files, ...args], port);
    return port;
  };
  /** As a web server: without that, s_server serves one client after the other, and only while somebody types. */
  const web = (...args: readonly string[]) => configured('-www', ...args);
  const configured = async (...args: readonly string[]) => configurationOf(await lookAtTls(await server(...args)));

  test('early data is told where tickets allow it, and only there', async () => {
    expect(await configured('-early_data')).toMatchObject({ earlyData: true, tickets: true });
    expect(await web()).toMatchObject({ earlyData: false, tickets: true });
  });
  test('sessions are taken up again by id and by ticket; without tickets by id alone', async () => {
    expect(await web('-tls1_2')).toMatchObject({ resumption: ['id', 'ticket'], tickets: true });
    expect(await web('-tls1_2', '-no_ticket')).toMatchObject({ resumption: ['id'], tickets: false });
  });
  test('a certificate that is demanded and not checked is taken from a stranger', async () => {
    expect(await web('-tls1_2', '-Verify', '1')).toMatchObject({
      clientCertificate: 'required',
      strangerAccepted: true,
    });
    expect(await web('-tls1_2', '-Verify', '1', '-verify_return_error')).toMatchObject({
      clientCertificate: 'required',
      strangerAccepted: false,
    });
    expect(await web('-tls1_2', '-verify', '1')).toMatchObject({ clientCertificate: 'requested' });
  });
  test('renegotiation that a client starts is told, refused or honoured', async () => {
    expect(await web('-tls1_2', '-client_renegotiation')).toMatchObject({ clientRenegotiation: true });
    expect(await web('-tls1_2')).toMatchObject({ clientRenegotiation: false });
  });
});
