/** miniupnpd on loopback: found by its search answer, its description and actions read, none of them called. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpService, netPort, netService, upnpDevice } from '../../src/facts/index.ts';
import { httpServiceProbe } from '../../src/plugins/probes/http/service.ts';
import { httpUpnp } from '../../src/plugins/probes/http/upnp.ts';
import { netServices } from '../../src/plugins/probes/net/services.ts';
import { loopback } from '../support/door.ts';
import { aFact, endpoint, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const miniupnpd = program('miniupnpd');
let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.stop());

describe.skipIf(miniupnpd === undefined)('miniupnpd', () => {
  test('an internet gateway shows its description alone, and that anybody may ask it for a port mapping', async () => {
    const port = await freePort();
    const lines = [
      'ext_ifname=lo',
      'listening_ip=lo',
      `http_port=${port}`,
      'enable_natpmp=no',
      'enable_upnp=yes',
      'uuid=11111111-2222-3333-4444-555555555555',
      // Nothing may be mapped, and nothing is asked to be.
      'deny 0-65535 0.0.0.0/0 0-65535',
      '',
    ];
    writeFileSync(join(lab.folder, 'upnpd.conf'), lines.join('\n'));
    const files = ['-f', join(lab.folder, 'upnpd.conf'), '-P', join(lab.folder, 'upnpd.pid')];
    const daemon = await lab.start(miniupnpd!, ['-d', ...files], port);
    const dial = loopback();
    const found = await runProbe(netServices, {
      known: [aFact(netPort, endpoint(port), { transport: 'tcp', port })],
      dial,
    });
    expect(found.of(netService)).toMatchObject([{ protocol: expect.stringMatching(/http|upnp/), tls: false }]);
    const service = await runProbe(httpServiceProbe, { known: found.facts, dial });
    expect(service.of(httpService)).toMatchObject([{ servesContent: false }]);
    const described = await runProbe(httpUpnp, { known: [...found.facts, ...service.facts], dial });
    const [device] = described.of(upnpDevice);
    expect(device).toMatchObject({ manufacturer: 'Debian', portMapping: true });
    expect(device!.services).toContain('urn:schemas-upnp-org:service:WANIPConnection:2');
    expect(device!.actions).toEqual(expect.arrayContaining(['AddPortMapping', 'GetExternalIPAddress']));
    // It names every action that is called.
    expect(lab.said(daemon)).not.toMatch(/SOAPAction|AddPortMapping: ext/);
  });
});
