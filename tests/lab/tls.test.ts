/**
 * TLS probes against real servers, and against sslscan on the same servers. sslscan is built on OpenSSL: it offers no more
 * than that knows, so everything it names must be seen here, and what is seen here beyond it must lie outside its reach.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { suiteOf } from '../../src/codecs/protocols/tls-suites.ts';
import {
  tlsCertificate,
  tlsChain,
  tlsCipher,
  tlsConfiguration,
  tlsDhParameters,
  tlsGroup,
  tlsSignatureAlgorithm,
  tlsVulnerability,
} from '../../src/facts/index.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';
import { lookAtTls, suitesOf, versionsOf } from '../support/tls-look.ts';
import { bySslscan } from '../support/tls-peers.ts';

const need = ['openssl', 'sslscan', 'gnutls-serv', 'nginx', 'lighttpd', 'stunnel4'];
const missing = need.filter((name) => program(name) === undefined);

describe.skipIf(missing.length > 0)(`against real servers (missing: ${missing.join(' ') || 'nothing'})`, () => {
  let lab: Lab;
  const file = (name: string): string => join(lab.folder, name);
  const openssl = (...args: readonly string[]): void => {
    const run = spawnSync('openssl', args, { cwd: lab.folder, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
  };
  beforeAll(() => {
    lab = openLab();
    const subject = ['-subj', '/CN=camera', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '365', '-nodes'];
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-keyout', 'rsa.key', '-out', 'rsa.pem', ...subject);
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-keyout',
      'ec.key',
      '-out',
      'ec.pem',
      ...subject,
    );
    openssl('req', '-x509', '-newkey', 'ed25519', '-keyout', 'ed.key', '-out', 'ed.pem', ...subject);
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-384',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Maker CA',
      '-days',
      '999',
      '-nodes',
    );
    openssl(
      'req',
      '-newkey',
      'rsa:1024',
      '-keyout',
      'weak.key',
      '-out',
      'weak.csr',
      '-subj',
      '/CN=cam',
      '-nodes',
      '-sha1',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      'weak.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-out',
      'weak.pem',
      '-days',
      '30',
      '-sha1',
    );
  });
  afterAll(() => lab.stop());

  const server = async (...args: readonly string[]): Promise<number> => {
    const port: number = await freePort();
    await lab.start('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-www', '-quiet', ...args], port);
    return port;
  };
  const nginx = async (name: string, settings: string): Promise<number> => {
    const port: number = await freePort();
    const text = `daemon off; pid ${file(`${name}.pid`)}; error_log stderr; events {}
      http { access_log off; client_body_temp_path ${file('t1')}; proxy_temp_path ${file('t2')}; fastcgi_temp_path ${file('t3')};
        uwsgi_temp_path ${file('t4')}; scgi_temp_path ${file('t5')};
        server { listen 127.0.0.1:${port} ssl; ssl_certificate ${file('rsa.pem')}; ssl_certificate_key ${file('rsa.key')}; ${settings} } }`;
    writeFileSync(file(`${name}.conf`), text);
    await lab.start(program('nginx') ?? '', ['-p', lab.folder, '-c', file(`${name}.conf`), '-e', 'stderr'], port);
    return port;
  };

  test('openssl with everything it has, RSA', async () => {
    const port = await server(
      '-cert',
      'rsa.pem',
      '-key',
      'rsa.key',
      '-cipher',
      'ALL:eNULL:@SECLEVEL=0',
      '-legacy_renegotiation',
    );
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    expect(versionsOf(run)).toEqual(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
    expect(suitesOf(run)).toEqual(expect.arrayContaining([...(await bySslscan(port))]));
    expect(run.of(tlsCertificate)).toMatchObject([
      { position: 'leaf', keyType: 'RSA', keyBits: 2048, selfSigned: true },
    ]);
    expect(run.of(tlsChain)).toMatchObject([{ trust: 'self-signed', ordered: true, nameMatches: true, length: 1 }]);
    expect(run.of(tlsGroup).map(({ group }) => group)).toEqual(
      expect.arrayContaining(['x25519', 'secp256r1', 'ffdhe2048']),
    );
    expect(run.of(tlsDhParameters)).toMatchObject([{ reused: false }]);
    expect(run.of(tlsSignatureAlgorithm).map(({ name }) => name)).toContain('rsa_pss_rsae_sha256');
    expect(run.of(tlsConfiguration)).toMatchObject([
      {
        secureRenegotiation: true,
        extendedMasterSecret: true,
        encryptThenMac: true,
        compression: false,
        fallbackScsv: true,
        downgradeSentinel: true,
        clientCertificate: 'none',
      },
    ]);
    expect(
      run
        .of(tlsVulnerability)
        .filter(({ vulnerable }) => vulnerable)
        .map(({ name }) => name),
    ).toEqual(['beast']);
  });

  test.each([
    ['EC', 'ec', 'EC'],
    ['Ed25519', 'ed', 'Ed25519'],
  ])('openssl with a key of %s', async (_name, files, keyType) => {
    const port = await server('-cert', `${files}.pem`, '-key', `${files}.key`);
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    expect(suitesOf(run)).toEqual(await bySslscan(port));
    expect(run.of(tlsCertificate)).toMatchObject([{ keyType, keyBits: 256 }]);
  });

  test('TLS 1.3 alone: chain, groups and signature schemes are read inside the encryption', async () => {
    const port = await server('-cert', 'ec.pem', '-key', 'ec.key', '-tls1_3');
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    expect(versionsOf(run)).toEqual(['TLSv1.3']);
    expect(suitesOf(run)).toEqual(await bySslscan(port));
    expect(run.of(tlsCertificate)).toMatchObject([{ keyType: 'EC', names: ['127.0.0.1'] }]);
    expect(run.of(tlsSignatureAlgorithm)).toEqual([{ name: 'ecdsa_secp256r1_sha256', hash: 'SHA-256', weak: false }]);
  });

  test.each([
    ['modern', 'ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM;'],
    ['camera of 2012', 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;'],
    ['TLS 1.0 alone', 'ssl_protocols TLSv1; ssl_ciphers AES128-SHA:@SECLEVEL=0; ssl_prefer_server_ciphers on;'],
    ['client certificate demanded', 'ssl_protocols TLSv1.2; ssl_client_certificate rsa.pem; ssl_verify_client on;'],
  ])('nginx, %s: suites equal sslscan', async (name, settings) => {
    const port = await nginx(name.replaceAll(' ', '-'), settings);
    const run = await lookAtTls(port);
    expect(run.gaps).toEqual([]);
    expect(suitesOf(run)).toEqual(await bySslscan(port));
  });

  test('a chain of the maker is trusted with --ca, and unknown without; weak parts are told', async () => {
    const port = await server(
      '-cert',
      'weak.pem',
      '-key',
      'weak.key',
      '-cert_chain',
      'ca.pem',
      '-cipher',
      'ALL:@SECLEVEL=0',
    );
    const run = await lookAtTls(port);
    expect(run.of(tlsCertificate)).toMatchObject([
      { position: 'leaf', keyBits: 1024, signatureHash: 'SHA-1', selfSigned: false },
      { position: 'root', keyType: 'EC', curve: 'secp384r1', ca: true },
    ]);
    expect(run.of(tlsChain)).toMatchObject([{ trust: 'unknown-authority', length: 2, nameMatches: false }]);
  });

  test('gnutls with anonymous and NULL suites', async () => {
    const port: number = await freePort();
    const priority = 'NORMAL:-VERS-ALL:+VERS-TLS1.2:+ANON-ECDH:+ANON-DH:+NULL:+3DES-CBC:+ARCFOUR-128:+MD5:%COMPAT';
    await lab.start(
      'gnutls-serv',
      [
        '--http',
        '-q',
        '-p',
        `${port}`,
        '--x509certfile',
        file('rsa.pem'),
        '--x509keyfile',
        file('rsa.key'),
        '--priority',
        priority,
      ],
      port,
    );
    const run = await lookAtTls(port);
    expect(versionsOf(run)).toEqual(['TLSv1.2']);
    expect(suitesOf(run)).toEqual(expect.arrayContaining([...(await bySslscan(port))]));
    const weaknesses = new Set(run.of(tlsCipher).flatMap((cipher) => cipher.weaknesses));
    // sslscan's OpenSSL offers neither 3DES nor RC4: those are seen here alone.
    for (const weakness of ['null', 'anonymous', '3des', 'rc4'] as const) expect(weaknesses).toContain(weakness);
    expect(run.of(tlsVulnerability)).toContainEqual(expect.objectContaining({ name: 'sweet32', vulnerable: true }));
  });

  test('every suite that sslscan can name is known by that name', () => {
    expect(suiteOf(0xc02f).suite).toBe('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256');
  });
});
