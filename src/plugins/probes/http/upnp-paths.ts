/** Finds the UPnP device description of an HTTP server: where SSDP says, or where servers keep it by habit. */
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import { hostInUrl } from '../../../core/model/target.ts';
import { ssdpAnswer } from '../../../facts/index.ts';
import { ask, type Endpoint, textOf } from './pages.ts';

const USUAL = [
  '/rootDesc.xml',
  '/description.xml',
  '/gatedesc.xml',
  '/igd.xml',
  '/DeviceDescription.xml',
  '/upnp/BasicDevice.xml',
  '/dd.xml',
];

export interface Description {
  readonly path: string;
  readonly xml: string;
}

const isDescription = (xml: string): boolean =>
  /<root[^>]{0,200}urn:schemas-upnp-org:device-1-0/i.test(xml.slice(0, 4096));

export async function descriptionAt(at: Endpoint, context: ProbeContext): Promise<Description | undefined> {
  const told = context.facts
    .of(ssdpAnswer)
    .map(({ data }) => pathOfLocation(data.location, at))
    .filter((path) => path !== undefined);
  for (const path of new Set([...told, ...USUAL])) {
    const reply = await ask(at, context, path);
    const xml = textOf(reply);
    if (reply.status === 200 && isDescription(xml)) return { path, xml };
  }
  return undefined;
}

/** Only a location on this very endpoint is asked for. */
function pathOfLocation(location: string | undefined, at: Endpoint): string | undefined {
  if (location === undefined || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return url.hostname === hostInUrl(at.host) && port === at.port ? `${url.pathname}${url.search}` : undefined;
}
