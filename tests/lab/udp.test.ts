/** UDP services found and looked at: real servers on loopback. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  coapResource,
  dnsResolver,
  loginDefault,
  netService,
  netSweep,
  ntpMode,
  rtspAccess,
  snmpAccess,
  tftpFile,
} from '../../src/facts/index.ts';
import { coapResources } from '../../src/plugins/probes/coap/resources.ts';
import { credentialsRtsp } from '../../src/plugins/probes/credentials/rtsp.ts';
import { credentialsSnmp } from '../../src/plugins/probes/credentials/snmp.ts';
import { credentialsSurfaces } from '../../src/plugins/probes/credentials/surfaces.ts';
import { dnsResolverProbe } from '../../src/plugins/probes/dns/resolver.ts';
import { netUdp } from '../../src/plugins/probes/net/udp.ts';
import { ntpModes } from '../../src/plugins/probes/ntp/modes.ts';
import { rtspAccessProbe } from '../../src/plugins/probes/rtsp/access.ts';
import { snmpAccessProbe } from '../../src/plugins/probes/snmp/access.ts';
import { tftpFiles } from '../../src/plugins/probes/tftp/files.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const snmpd = program('snmpd');
const dnsmasq = program('dnsmasq');
const tftpd = program('in.tftpd');
const coapServer = program('coap-server-openssl') ?? program('coap-server');
const chronyd = program('chronyd');

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.stop());

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const find = (ports: readonly number[]): Promise<Run> =>
  runProbe(netUdp, { subjects: [{ kind: 'host', host: '127.0.0.1' }], settings: { ports: ports.join(',') } });

describe.skipIf(snmpd === undefined)('snmpd', () => {
  const start = async (lines: readonly string[]): Promise<number> => {
    const port = await freePort();
    const file = join(lab.folder, `snmpd-${port}.conf`);
    writeFileSync(file, [...lines, `agentaddress udp:127.0.0.1:${port}`, 'sysDescr camera 1.2', ''].join('\n'));
    await lab.start(
      snmpd!,
      ['-f', '-Lo', '-C', '-c', file, '-I', '-smux', '-p', join(lab.folder, `${port}.pid`)],
      undefined,
      {
        SNMP_PERSISTENT_DIR: join(lab.folder, `snmp-${port}`),
      },
    );
    await settle(800);
    return port;
  };
  test('an agent that knows public is found, read by both versions, and its community is a default', async () => {
    const port = await start(['rocommunity public']);
    const found = await find([port]);
    expect(found.of(netService)).toMatchObject([{ protocol: 'snmp', transport: 'udp' }]);
    const access = await runProbe(snmpAccessProbe, { known: found.facts });
    expect(access.of(snmpAccess)).toMatchObject([
      { version: '1', accepted: true, description: 'camera 1.2' },
      { version: '2c', accepted: true, description: 'camera 1.2' },
      { version: '3', accepted: false },
    ]);
    const known = [...found.facts, ...access.facts];
    const surfaces = await runProbe(credentialsSurfaces, { known });
    const tried = await runProbe(credentialsSnmp, { known: surfaces.facts, settings: { credentials: true } });
    expect(tried.of(loginDefault)).toMatchObject([{ accepted: true, password: 'public' }]);
  });
  test('an agent of version 3 alone is found and lets no stranger read; one without authentication does', async () => {
    const strict = await start(['createUser boss SHA "long-secret-1" AES "long-secret-2"', 'rouser boss priv']);
    const loose = await start(['createUser initial', 'rouser initial noauth']);
    const found = await find([strict, loose]);
    expect(found.of(netService).map((one) => one.protocol)).toEqual(['snmp', 'snmp']);
    const access = await runProbe(snmpAccessProbe, { known: found.facts });
    const third = access.facts.filter((fact) => (fact.data as { version: string }).version === '3');
    const at = (port: number) =>
      third.find((fact) => fact.subject.kind === 'endpoint' && fact.subject.port === port)?.data;
    expect(at(strict)).toEqual({ version: '3', accepted: false });
    expect(at(loose)).toMatchObject({
      version: '3',
      accepted: true,
      security: 'noAuthNoPriv',
      description: 'camera 1.2',
    });
  });
});

describe.skipIf(dnsmasq === undefined)('dnsmasq', () => {
  test('an open resolver is told with its version', async () => {
    const port = await freePort();
    await lab.start(
      dnsmasq!,
      [
        '-d',
        '-C',
        '/dev/null',
        '-p',
        String(port),
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--no-resolv',
        '--no-hosts',
        '--address=/example.com/192.0.2.7',
        '--user=root',
        '--pid-file=',
      ],
      port,
    );
    const found = await find([port]);
    expect(found.of(netService)).toMatchObject([
      { protocol: 'dns', product: 'dnsmasq', version: expect.stringMatching(/^2\./) },
    ]);
    const resolver = await runProbe(dnsResolverProbe, { known: found.facts });
    expect(resolver.of(dnsResolver)).toMatchObject([{ recursive: true, version: expect.stringContaining('dnsmasq') }]);
  });
  test('a server that refuses third parties is no open resolver', async () => {
    const port = await freePort();
    await lab.start(
      dnsmasq!,
      [
        '-d',
        '-C',
        '/dev/null',
        '-p',
        String(port),
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--no-resolv',
        '--no-hosts',
        '--user=root',
        '--pid-file=',
      ],
      port,
    );
    const resolver = await runProbe(dnsResolverProbe, { known: (await find([port])).facts });
    expect(resolver.of(dnsResolver)).toMatchObject([{ recursive: false }]);
  });
});

describe.skipIf(tftpd === undefined)('tftpd-hpa', () => {
  test('well-known names are told apart from those that are not there', async () => {
    const root = join(lab.folder, 'tftp');
    mkdirSync(root, { mode: 0o755 });
    writeFileSync(join(root, 'startup-config'), 'hostname camera', { mode: 0o644 });
    const port = await freePort();
    await lab.start(tftpd!, ['-L', '-4', '-a', `127.0.0.1:${port}`, '-u', 'root', '-s', root]);
    await settle(500);
    const found = await find([port]);
    expect(found.of(netService)).toMatchObject([{ protocol: 'tftp', transport: 'udp' }]);
    const files = await runProbe(tftpFiles, { known: found.facts });
    expect(files.gaps).toEqual([]);
    expect(
      files
        .of(tftpFile)
        .filter((file) => file.given)
        .map((file) => file.name),
    ).toEqual(['startup-config']);
    expect(files.of(tftpFile).length).toBeGreaterThan(20);
  });
});

describe.skipIf(coapServer === undefined)('libcoap', () => {
  test('resources are listed and read without credentials', async () => {
    const port = await freePort();
    await lab.start(coapServer!, ['-A', '127.0.0.1', '-p', String(port), '-v', '3']);
    await settle(500);
    const found = await find([port]);
    expect(found.of(netService).map((one) => one.protocol)).toContain('coap');
    const read = await runProbe(coapResources, { known: found.facts });
    expect(read.gaps).toEqual([]);
    const resources = read.of(coapResource);
    expect(resources[0]).toMatchObject({ path: '/.well-known/core', served: true, code: '2.05' });
    expect(resources.map((one) => one.path)).toContain('/time');
    expect(resources.find((one) => one.path === '/time')).toMatchObject({ served: true, code: '2.05' });
  });
});

describe.skipIf(chronyd === undefined)('chrony', () => {
  test('time is told, control and private queries are not', async () => {
    const port = await freePort();
    const file = join(lab.folder, 'chrony.conf');
    writeFileSync(
      file,
      [
        'local stratum 8',
        'allow 127.0.0.1',
        `port ${port}`,
        'cmdport 0',
        `pidfile ${join(lab.folder, 'chrony.pid')}`,
        'bindaddress 127.0.0.1',
        '',
      ].join('\n'),
    );
    await lab.start(chronyd!, ['-d', '-x', '-f', file, '-u', 'root']);
    await settle(800);
    const found = await find([port]);
    expect(found.of(netService)).toMatchObject([{ protocol: 'ntp' }]);
    const modes = await runProbe(ntpModes, { known: found.facts });
    expect(modes.of(ntpMode)).toEqual([
      { mode: '3', answers: true, amplification: 1 },
      { mode: '6', answers: false, amplification: 0 },
      { mode: '7', answers: false, amplification: 0 },
    ]);
  });
});

test('closed ports are told from open ones, and a list that leaves protocols out says so', async () => {
  const run = await find([await freePort(), await freePort()]);
  expect(run.of(netSweep)).toMatchObject([{ transport: 'udp', open: 0, closed: 2, complete: false }]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'not-given', flag: '--ports all' }, area: 'udp' }]);
});

const GSTREAMER = `
import sys, gi
gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer(); server.set_address('127.0.0.1'); server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory(); factory.set_launch('( videotestsrc ! jpegenc ! rtpjpegpay name=pay0 )')
if len(sys.argv) > 2:
    auth = GstRtspServer.RTSPAuth(); token = GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', 'user')
    if sys.argv[2] == 'digest':
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST); auth.add_digest('admin', '12345', token)
    else: auth.add_basic(GstRtspServer.RTSPAuth.make_basic('admin', '12345'), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions(); permissions.add_permission_for_role('user', 'media.factory.access', True)
    permissions.add_permission_for_role('user', 'media.factory.construct', True); factory.set_permissions(permissions)
server.get_mount_points().add_factory('/live', factory); server.attach(None)
GLib.MainLoop().run()
`.replace('\nfrom gi', "\ngi.require_version('GstRtsp', '1.0')\nfrom gi.repository import GstRtsp\nfrom gi");

const gstreamer =
  spawnSync('/usr/bin/python3', ['-c', "import gi; gi.require_version('GstRtspServer', '1.0')"]).status === 0;

describe.skipIf(!gstreamer)('GStreamer RTSP', () => {
  const start = async (...login: string[]): Promise<number> => {
    const port = await freePort();
    await lab.start('/usr/bin/python3', ['-c', GSTREAMER, String(port), ...login], port);
    return port;
  };
  const service = (port: number) =>
    aFact(netService, endpoint(port), { protocol: 'rtsp', transport: 'tcp', tls: false });
  test('a stream that anyone may see', async () => {
    const run = await runProbe(rtspAccessProbe, { known: [service(await start())] });
    expect(run.of(rtspAccess)).toEqual([{ path: '/live', status: 200, open: true, scheme: 'none', tls: false }]);
  });
  test.each(['basic', 'digest'])('a stream behind %s, and its known login', async (scheme) => {
    const port = await start(scheme);
    const run = await runProbe(rtspAccessProbe, { known: [service(port)] });
    expect(run.of(rtspAccess)).toMatchObject([{ status: 401, open: false, scheme }]);
    const surfaces = await runProbe(credentialsSurfaces, { known: [service(port), ...run.facts] });
    const tried = await runProbe(credentialsRtsp, {
      known: surfaces.facts,
      settings: { credentials: true, credentialTries: 10 },
    });
    expect(tried.of(loginDefault)).toMatchObject([{ accepted: true, account: 'admin', password: '12345' }]);
  });
});
