/** Features of the product that facts show: present by observation; absent only where a fact about the image itself proves it. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import {
  bootConsole,
  bootLoader,
  featurePresent,
  httpAuthentication,
  imageRoot,
  loginSurface,
  netService,
  secretWifi,
  updateArtefact,
  updateClient,
} from '../../../facts/index.ts';

export const productFeatures: Deriver = {
  id: 'product/features',
  title: 'Features of the product that were seen',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [
    netService,
    httpAuthentication,
    loginSurface,
    imageRoot,
    bootConsole,
    bootLoader,
    secretWifi,
    updateArtefact,
    updateClient,
  ],
  produces: [featurePresent],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;

    const services = facts.of(netService);
    see(context, ['ip', 'network-interface'], 'a service answers on the network', services);
    see(
      context,
      ['web-ui'],
      'a web server answers',
      services.filter((one) => one.data.protocol === 'http'),
    );
    see(
      context,
      ['api'],
      'a machine interface answers',
      services.filter((one) => ['mqtt', 'coap', 'upnp', 'cwmp'].includes(one.data.protocol)),
    );
    see(
      context,
      ['crypto'],
      'a service speaks TLS or SSH',
      services.filter((one) => one.data.tls || one.data.protocol === 'ssh'),
    );
    see(
      context,
      ['mqtt'],
      'an MQTT broker answers',
      services.filter((one) => one.data.protocol === 'mqtt'),
    );
    see(context, LOGIN, 'something asks for a login', [
      ...facts.of(loginSurface),
      ...facts.of(httpAuthentication).filter((one) => one.data.scheme !== 'none'),
    ]);
    see(context, ['linux'], 'a root file system of Linux lies in the image', facts.of(imageRoot));
    see(
      context,
      ['debug-port', 'debug-interfaces-exist'],
      'something runs on a serial console',
      facts.of(bootConsole).filter((one) => one.data.serial),
    );
    see(context, ['bootloader'], 'a boot loader lies in the image', facts.of(bootLoader));
    see(
      context,
      ['wifi-ap', 'wifi'],
      'an access point is configured',
      facts.of(secretWifi).filter((one) => one.data.role === 'access-point'),
    );
    see(context, UPDATES, 'an update or an update client was found', [
      ...facts.of(updateArtefact).filter((one) => one.data.byNature),
      ...facts.of(updateClient),
    ]);
    see(
      context,
      ['network-updates-delivered'],
      'an update client fetches from the network',
      facts.of(updateClient).filter((one) => ['https', 'http', 'ftp', 'tftp'].includes(one.data.transport)),
    );
    return Promise.resolve();
  },
};

/** The names under which baselines ask for a login: the device's own, and the conditions of ETSI EN 303 645 table B.1. */
const LOGIN = [
  'login',
  'password',
  'passwords-used',
  'passwords-used-user-or-m2m',
  'user-authentication-possible',
  'network-authentication-possible',
];
const UPDATES = ['ota', 'update', 'updatable', 'update-mechanism-implemented', 'software-updateable'];

function see(context: GatherContext, names: readonly string[], basis: string, because: readonly Fact[]): void {
  if (because.length === 0) return;
  for (const name of names)
    context.emit(featurePresent, { name, present: true, basis }, { derivedFrom: because.slice(0, 8) });
}
