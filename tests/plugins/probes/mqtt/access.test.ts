/** The MQTT probes against a broker in Node and against peers that misbehave. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mqttAccess, mqttSubscription, netService } from '../../../../src/facts/index.ts';
import { mqttAccessProbe } from '../../../../src/plugins/probes/mqtt/access.ts';
import { mqttSubscriptionProbe } from '../../../../src/plugins/probes/mqtt/subscription.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const service = (port: number) => aFact(netService, endpoint(port), { protocol: 'mqtt', transport: 'tcp', tls: false });

describe('aedes', () => {
  let server: Server;
  let broker: Aedes;
  let port = 0;
  let open = true;
  const published: string[] = [];
  beforeAll(async () => {
    broker = await Aedes.createBroker();
    broker.authenticate = (_client, _name, _password, done) => done(null, open);
    broker.on('publish', (packet, client) => client && published.push(packet.topic));
    server = createServer(broker.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    const retained = { cmd: 'publish', topic: 'door', payload: 'open', qos: 0, retain: true, dup: false } as const;
    await new Promise<void>((resolve) => broker.publish(retained, () => resolve()));
  });
  afterAll(async () => {
    broker.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('an open broker is told with what anyone may read, and nothing was published', async () => {
    open = true;
    const access = await runProbe(mqttAccessProbe, { known: [service(port)] });
    expect(access.of(mqttAccess)).toMatchObject([{ anonymous: true, code: 0, tls: false }]);
    const read = await runProbe(mqttSubscriptionProbe, { known: access.facts });
    expect(read.of(mqttSubscription)[0]).toEqual({ filter: '#', granted: true, messages: 1 });
    expect(published).toEqual([]);
  });
  test('a broker that refuses is told, and is not subscribed to', async () => {
    open = false;
    const access = await runProbe(mqttAccessProbe, { known: [service(port)] });
    expect(access.of(mqttAccess)).toMatchObject([{ anonymous: false }]);
    expect((await runProbe(mqttSubscriptionProbe, { known: access.facts })).facts).toEqual([]);
  });
});

test.concurrent.each(Object.keys(ODD_PEERS))('a peer that %s leaves a gap and no fact', async (what) => {
  const peer = await listen(ODD_PEERS[what]!);
  const run = await runProbe(mqttAccessProbe, { known: [service(peer.port)] });
  expect(run.facts).toEqual([]);
  expect(run.gaps).toHaveLength(1);
  expect(run.gaps[0]!.unseen.kind).not.toBe('bug');
  await peer.stop();
});
