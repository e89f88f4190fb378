/** How an update is fetched from the URL that was given: HTTPS, by a certificate that is trusted, without a way back to http. */

import { type Certificate, readCertificate } from '../../../codecs/formats/x509.ts';
import { judgeChain } from '../../../codecs/formats/x509-chain.ts';
import type { DataOf } from '../../../core/model/fact.ts';
import type { Inspector, InspectorContext } from '../../../core/model/gatherer.ts';
import { updateTransport } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { safeText } from '../../../lib/text.ts';

const MOST_REDIRECTS = 5;

type Transport = DataOf<typeof updateTransport>;

export const updatesTransport: Inspector = {
  id: 'updates/transport',
  title: 'The way an update comes',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [],
  produces: [updateTransport],
  // The engine hands every artefact over.
  subjects: () => [],
  async observe(_subject, context) {
    const { updateUrl } = context.settings;
    if (updateUrl === undefined) {
      context.gap({
        kind: 'not-given',
        flag: '--update-url',
        message: 'the URL that the device gets its updates from',
      });
      return;
    }
    const url = urlOf(updateUrl);
    const base = { url: safeText(updateUrl), redirectsToHttp: false };
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
      context.emit(updateTransport, { ...base, scheme: 'other' });
      return;
    }
    await contact(url, base, context);
  },
};

async function contact(
  url: URL,
  base: Pick<Transport, 'url' | 'redirectsToHttp'>,
  context: InspectorContext,
): Promise<void> {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  try {
    const secured = scheme === 'https' ? await handshake(url, context) : {};
    const told = await answer(url, context);
    // What another server does with the request is not seen: it may well lead on to http.
    if (told.leadsTo !== undefined)
      context.gap(
        { kind: 'denied', message: `it leads on to ${told.leadsTo}, which was not named and is not contacted` },
        { facts: [updateTransport] },
      );
    context.emit(updateTransport, { ...base, scheme, ...secured, ...told });
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    // Plain http needs no answer to be told.
    if (scheme === 'http') context.emit(updateTransport, { ...base, scheme });
    // A URL of the declaration alone gives no leave to contact its server.
    else if (error.fault.kind === 'denied')
      context.gap({ kind: 'not-given', flag: '--update-url', message: error.fault.message });
    else throw error;
  }
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // What is no URL has no scheme that could be good.
    return undefined;
  }
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');
const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));

async function handshake(
  url: URL,
  context: InspectorContext,
): Promise<Pick<Transport, 'certificateTrusted' | 'tlsVersion'>> {
  const { dial, settings, signal } = context;
  const host = hostOf(url);
  const stream = await dial.tcp(host, portOf(url), { signal });
  try {
    const { chain, protocol } = await dial.tls(stream, { signal, servername: host });
    const judged = judgeChain({
      chain: chain.map((bytes) => readCertificate(bytes)),
      host,
      given: settings.authorities.flatMap((bytes) => certificatesIn(bytes)),
      publicAuthorities: () => (dial.authorities?.() ?? []).map((pem) => readCertificate(pem)),
      now: settings.now,
    });
    // An expired certificate is refused by whoever checks: it is trusted by no client that can be relied on.
    const [leaf] = chain;
    const dates = leaf === undefined ? undefined : readCertificate(leaf);
    const now = Date.parse(settings.now);
    const current = dates !== undefined && Date.parse(dates.notBefore) <= now && now <= Date.parse(dates.notAfter);
    const trusted =
      current && judged?.nameMatches === true && ['given-authority', 'public-authority'].includes(judged.trust);
    return { certificateTrusted: trusted, tlsVersion: protocol };
  } finally {
    stream.destroy();
  }
}

/** An authority file may be a bundle. */
function certificatesIn(bytes: Uint8Array): readonly Certificate[] {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN')) return [readCertificate(bytes)];
  return text
    .split(/(?=-----BEGIN)/)
    .filter((part) => part.startsWith('-----BEGIN CERT'))
    .map((part) => readCertificate(part));
}

/** Redirects are followed on the same host only; whether one leads to http is told of each. */
async function answer(
  url: URL,
  context: InspectorContext,
): Promise<Pick<Transport, 'redirectsToHttp' | 'leadsTo' | 'status' | 'size' | 'etag'>> {
  let at = url;
  let redirectsToHttp = false;
  for (let count = 0; ; count++) {
    const { dial, signal } = context;
    const reply = await dial.http({
      host: hostOf(at),
      port: portOf(at),
      tls: at.protocol === 'https:',
      method: 'HEAD',
      path: `${at.pathname}${at.search}`,
      headers: { host: at.host },
      signal,
    });
    const location = reply.status >= 300 && reply.status < 400 ? reply.headers['location']?.[0] : undefined;
    const next = location === undefined ? undefined : nextOf(location, at);
    redirectsToHttp ||= next?.protocol === 'http:';
    const told = { redirectsToHttp, status: reply.status, ...fileOf(reply.headers) };
    if (next !== undefined && next.hostname !== url.hostname) return { ...told, leadsTo: safeText(next.host, 100) };
    if (next === undefined || count >= MOST_REDIRECTS) return told;
    at = next;
  }
}

/** What the headers say of the file itself. */
function fileOf(headers: { readonly [name: string]: readonly string[] | undefined }): Pick<Transport, 'size' | 'etag'> {
  const size = Number(headers['content-length']?.[0] ?? Number.NaN);
  const etag = headers['etag']?.[0];
  return {
    ...(Number.isSafeInteger(size) && size >= 0 ? { size } : {}),
    ...(etag === undefined ? {} : { etag: safeText(etag, 100) }),
  };
}

function nextOf(location: string, from: URL): URL | undefined {
  return URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
}
