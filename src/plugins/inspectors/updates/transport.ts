/** How an update is fetched from the URL that was given: HTTPS, by a certificate that is trusted, without a way back to http. */

import { type Certificate, readCertificate } from '../../../codecs/formats/x509.ts';
import { judgeChain } from '../../../codecs/formats/x509-chain.ts';
import type { DataOf } from '../../../core/model/fact.ts';
import type { Inspector, InspectorContext } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { updateTransport } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { safeText } from '../../../lib/text.ts';
import { MOST_MANIFEST, mayBeManifest, namedIn } from './manifest.ts';

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
    const { open, ...told } = await answer(url, context);
    if (open !== undefined) context.gap(open, { facts: [updateTransport] });
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

type Told = Pick<Transport, 'redirectsToHttp' | 'leadsTo' | 'status' | 'size' | 'etag' | 'namesHttp' | 'names'>;
/** `open`: what kept from seeing the update itself. */
type Answer = Told & {
  readonly open?: { readonly kind: 'denied' | 'over-budget' | 'unreadable'; readonly message: string };
};

/** Redirects are followed on the same host only; whether one leads to http is told of each. */
async function answer(url: URL, context: InspectorContext): Promise<Answer> {
  let at = url;
  let redirectsToHttp = false;
  for (let count = 0; ; count++) {
    const reply = await ask(at, 'HEAD', context);
    const next = nextOf(reply, at);
    redirectsToHttp ||= next?.protocol === 'http:';
    const told = { redirectsToHttp, status: reply.status, ...fileOf(reply.headers) };
    // What another server does with the request is not seen: it may well lead on to http.
    if (next !== undefined && next.hostname !== url.hostname) {
      const leadsTo = safeText(next.host, 100);
      const message = `it leads on to ${leadsTo}, which was not named and is not contacted`;
      return { ...told, leadsTo, open: { kind: 'denied', message } };
    }
    if (next === undefined) return { ...told, ...(await fileAt(at, reply, context)) };
    if (count >= MOST_REDIRECTS)
      return { ...told, open: { kind: 'over-budget', message: `more than ${MOST_REDIRECTS} redirects` } };
    at = next;
  }
}

const ask = (at: URL, method: 'HEAD' | 'GET', { dial, signal }: InspectorContext, limit = 0): Promise<HttpReply> =>
  dial.http({
    host: hostOf(at),
    port: portOf(at),
    tls: at.protocol === 'https:',
    method,
    path: `${at.pathname}${at.search}`,
    headers: { host: at.host },
    signal,
    limit,
  });

const isGood = ({ status }: HttpReply): boolean => status >= 200 && status <= 299;
const isManifest = ({ headers }: HttpReply): boolean =>
  mayBeManifest(headers['content-type']?.[0], fileOf(headers).size);

/** What is there at the end of all redirects: a manifest is read for the addresses that it names. */
async function fileAt(at: URL, head: HttpReply, context: InspectorContext): Promise<Partial<Answer>> {
  // Some servers know no HEAD.
  const unasked = head.status === 405 || head.status === 501;
  if (isGood(head) && !isManifest(head)) return {};
  const reply = isGood(head) || unasked ? await ask(at, 'GET', context, MOST_MANIFEST) : head;
  const message = `the server answers ${reply.status}: how the update itself comes is not seen`;
  if (!isGood(reply)) return { open: { kind: 'unreadable', message } };
  return isManifest(reply) ? manifestIn(reply) : {};
}

function manifestIn({ body, truncated }: HttpReply): Partial<Answer> {
  const named = namedIn(Buffer.from(body).toString('utf8'));
  const message = `only ${MOST_MANIFEST} bytes of the manifest were read`;
  return {
    ...(named === undefined ? {} : { namesHttp: named.namesHttp }),
    ...(named?.names === undefined ? {} : { names: safeText(named.names, 200) }),
    ...(truncated && named?.namesHttp !== true ? { open: { kind: 'over-budget', message } } : {}),
  };
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

/** Where the reply leads on to. */
function nextOf({ status, headers }: HttpReply, from: URL): URL | undefined {
  const location = status >= 300 && status < 400 ? headers['location']?.[0] : undefined;
  return location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
}
