/** Renegotiation, tickets, resumption and client certificates against Node's own servers, each set up to do one thing or not. */
import { constants, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { strangerCertificate } from '../../../../src/codecs/formats/x509-write.ts';
import { readSession } from '../../../../src/core/network/session.ts';
import { netService, tlsConfiguration } from '../../../../src/facts/index.ts';
import { tlsConfigurationProbe } from '../../../../src/plugins/probes/tls/configuration.ts';
import { tlsProtocols } from '../../../../src/plugins/probes/tls/protocols.ts';
import { loopback } from '../../../support/door.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
const now = new Date().toISOString();

async function configurationOf(
  options: TlsOptions,
  protocol: 'mqtt' | 'http' = 'mqtt',
  serve: (socket: TLSSocket) => void = () => {},
) {
  const server = createServer({ key: identity, cert: identity, ...options }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const known = [aFact(netService, endpoint(port), { protocol, transport: 'tcp', tls: true })];
  const dial = loopback();
  const first = await runProbe(tlsProtocols, { known, dial });
  const run = await runProbe(tlsConfigurationProbe, { known: [...known, ...first.facts], dial, settings: { now } });
  server.close();
  expect(run.gaps).toEqual([]);
  return run.of(tlsConfiguration)[0];
}

test.each([
  ['honoured', 0, true],
  ['refused', constants.SSL_OP_NO_RENEGOTIATION, false],
])('a renegotiation that is %s', async (_word, secureOptions, clientRenegotiation) => {
  expect(await configurationOf({ secureOptions, maxVersion: 'TLSv1.2' })).toMatchObject({ clientRenegotiation });
});

test('tickets: their lifetime, and that they are taken back', async () => {
  expect(await configurationOf({ sessionTimeout: 604_800, maxVersion: 'TLSv1.2' })).toMatchObject({
    tickets: true,
    ticketLifetime: 604_800,
    resumption: ['ticket'],
  });
});

test('without tickets and without kept sessions nothing is resumed', async () => {
  const seen = await configurationOf({ secureOptions: constants.SSL_OP_NO_TICKET, maxVersion: 'TLSv1.2' });
  expect(seen).toMatchObject({ tickets: false, resumption: [] });
  expect(seen).not.toHaveProperty('ticketLifetime');
});

test('TLS 1.3 alone: a ticket tells its lifetime and that it allows no early data', async () => {
  const seen = await configurationOf({ minVersion: 'TLSv1.3' });
  expect(seen).toMatchObject({ tickets: true, earlyData: false });
  expect(seen?.ticketLifetime).toBeGreaterThan(0);
  expect(seen).not.toHaveProperty('clientRenegotiation');
});

test.each([
  ['TLSv1.2', 'TLSv1.2'],
  ['TLSv1.3', 'TLSv1.3'],
] as const)('a certificate that is demanded in %s, and a stranger’s refused', async (minVersion, maxVersion) => {
  const seen = await configurationOf({ requestCert: true, rejectUnauthorized: true, minVersion, maxVersion });
  expect(seen).toMatchObject({ clientCertificate: 'required', strangerAccepted: false });
});

/** Demands a certificate and asks nothing of it: what careless firmware does. */
const careless = (socket: TLSSocket): void => {
  if (socket.getPeerCertificate().raw === undefined) socket.destroy();
};

test.each(['TLSv1.2', 'TLSv1.3'] as const)('any certificate will do, %s', async (version) => {
  const options = { requestCert: true, rejectUnauthorized: false, minVersion: version, maxVersion: version } as const;
  expect(await configurationOf(options, 'mqtt', careless)).toMatchObject({
    clientCertificate: 'required',
    strangerAccepted: true,
  });
});

test.each([
  ['400 with a page about the certificate', 'HTTP/1.1 400 Bad\r\n\r\nThe SSL certificate error', false],
  ['a page', 'HTTP/1.1 200 OK\r\n\r\nhello', true],
  ['an answer that says neither', 'HTTP/1.1 503 Busy\r\n\r\n', undefined],
])('HTTP that finishes the handshake of a stranger and then answers %s', async (_what, answer, strangerAccepted) => {
  const options = { requestCert: true, rejectUnauthorized: false, maxVersion: 'TLSv1.2' } as const;
  const seen = await configurationOf(options, 'http', (socket) => {
    careless(socket);
    socket.once('data', () => socket.end(answer));
  });
  expect(seen?.strangerAccepted).toBe(strangerAccepted);
});

test('a certificate that is asked for and not demanded is no door that a stranger could open', async () => {
  const seen = await configurationOf({ requestCert: true, rejectUnauthorized: false });
  expect(seen).toMatchObject({ clientCertificate: 'requested' });
  expect(seen).not.toHaveProperty('strangerAccepted');
});

test('the stranger’s certificate is sound, its own, and new each time', () => {
  const [one, other] = [strangerCertificate(new Date()), strangerCertificate(new Date())];
  const certificate = new X509Certificate(one.certificate);
  expect(certificate.verify(createPublicKey(createPrivateKey(one.key)))).toBe(true);
  expect(certificate.subject).toBe('CN=a stranger');
  expect(one.certificate).not.toBe(other.certificate);
});

test('what is no session is malformed', () => {
  for (const bytes of ['', '3000', '30030201', '300a020101020203040500', 'ff'])
    expect(() => readSession(Buffer.from(bytes, 'hex'))).toThrow(/session/);
});
