/** Reads the UPnP description of a device and lists its SOAP actions, which are never called. UPnP Device Architecture 1.0 §2. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { httpService, netIdentity, netService, ssdpAnswer, upnpDevice } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { fingerprintOf } from '../../../lib/fingerprint.ts';
import { ask, type Endpoint, httpEndpoints, isSecure, pathOn, textOf } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';
import { descriptionAt } from './upnp-paths.ts';

const MOST_SERVICES = 16;

export const httpUpnp: Probe = {
  id: 'http/upnp',
  title: 'UPnP descriptions and their actions',
  method: 'TEST',
  intrusion: 'safe',
  wide: true,
  consumes: [netService, httpService, ssdpAnswer],
  produces: [upnpDevice, netIdentity],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    const description = await descriptionAt(subject, context);
    if (description === undefined) return;
    const { xml, path } = description;
    const services = valuesOf(xml, 'serviceType').slice(0, MOST_SERVICES);
    const actions = await actionsOf(subject, context, xml, path);
    const [manufacturer, model] = [valuesOf(xml, 'manufacturer')[0], valuesOf(xml, 'modelName')[0]];
    context.emit(
      upnpDevice,
      {
        ...(manufacturer === undefined ? {} : { manufacturer }),
        ...(model === undefined ? {} : { model }),
        serialDisclosed: valuesOf(xml, 'serialNumber').some((serial) => serial !== ''),
        services,
        portMapping: actions.includes('AddPortMapping'),
        actions,
      },
      { where: `GET ${path}`, evidence: [context.keep(Buffer.from(xml), 'text/xml')] },
    );
    for (const [kind, element] of IDENTIFIERS) {
      const value = valuesOf(xml, element).find((one) => one !== '');
      if (value !== undefined) context.emit(netIdentity, { kind, fingerprint: fingerprintOf(value) });
    }
  },
};

const IDENTIFIERS = [
  ['serial', 'serialNumber'],
  ['udn', 'UDN'],
] as const;

/** Texts of an element, by a matcher that needs no well-formed document. */
const valuesOf = (xml: string, name: string): readonly string[] =>
  [...xml.slice(0, 262_144).matchAll(new RegExp(`<${name}>([^<]{0,200})</${name}>`, 'gi'))].map(([, value]) =>
    (value ?? '').trim(),
  );

async function actionsOf(at: Endpoint, context: ProbeContext, xml: string, from: string): Promise<readonly string[]> {
  const actions = new Set<string>();
  for (const link of valuesOf(xml, 'SCPDURL').slice(0, MOST_SERVICES)) {
    const path = pathOn(link, at, isSecure(context.facts, at), from);
    if (path === undefined) continue;
    try {
      const scpd = textOf(await ask(at, context, path));
      for (const [, name] of scpd.matchAll(/<action>\s{0,40}<name>([^<]{1,100})</gi)) actions.add((name ?? '').trim());
    } catch (thrown) {
      if (!(thrown instanceof FaultError) || thrown.fault.kind === 'stopped') throw thrown;
      context.gap({ ...thrown.fault, message: `${path} was not seen: ${thrown.fault.message}` });
    }
  }
  return [...actions].slice(0, 300);
}
