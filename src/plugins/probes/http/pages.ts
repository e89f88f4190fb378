/** What the HTTP probes share: which endpoints speak HTTP, asking for a page, redirects that stay, and pages that are not there. */
import { randomBytes } from 'node:crypto';
import { endpointsOf, type FactView, factsAt } from '../../../core/model/fact.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { HttpReply, HttpRequest } from '../../../core/model/network.ts';
import { hostInUrl, type SubjectOf } from '../../../core/model/target.ts';
import { netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

export type Endpoint = SubjectOf<'endpoint'>;

const SPEAKS_HTTP: readonly string[] = ['http', 'upnp', 'cwmp'];

export const httpEndpoints = (facts: FactView): readonly Endpoint[] =>
  endpointsOf(facts.of(netService).filter(({ data }) => SPEAKS_HTTP.includes(data.protocol)));

export const isSecure = (facts: FactView, at: Endpoint): boolean =>
  factsAt(facts.of(netService), at).some(({ data }) => data.tls);

type Asked = Pick<HttpRequest, 'method' | 'headers' | 'body' | 'limit' | 'timeout'>;

/** One request to the endpoint, inside TLS where its service is. */
export const ask = (at: Endpoint, context: ProbeContext, path: string, asked: Asked = {}): Promise<HttpReply> =>
  context.dial.http({
    host: at.host,
    port: at.port,
    tls: isSecure(context.facts, at),
    path,
    signal: context.signal,
    limit: 262_144,
    ...asked,
  });

export const textOf = ({ body }: HttpReply): string => Buffer.from(body).toString('utf8');
export const headerOf = ({ headers }: HttpReply, name: string): string | undefined => headers[name]?.[0];
export const isRedirect = ({ status }: HttpReply): boolean => [301, 302, 303, 307, 308].includes(status);

/** A path that no device has. */
export const randomPath = (suffix = ''): string => `/${randomBytes(9).toString('hex')}${suffix}`;

const baseOf = (at: Endpoint, secure: boolean): string =>
  `${secure ? 'https' : 'http'}://${hostInUrl(at.host)}:${at.port}`;

/** Where a link leads, seen from the endpoint; undefined when it makes no sense. */
export function targetOf(link: string, at: Endpoint, secure: boolean, from = '/'): URL | undefined {
  try {
    return new URL(link, new URL(from, baseOf(at, secure)));
  } catch {
    return undefined;
  }
}

/** The path where a link stays on the endpoint; undefined where it leaves it: only the endpoint is asked. */
export function pathOn(link: string, at: Endpoint, secure: boolean, from = '/'): string | undefined {
  const target = targetOf(link, at, secure, from);
  return target !== undefined && target.origin === new URL(baseOf(at, secure)).origin
    ? `${target.pathname}${target.search}`
    : undefined;
}

export interface Page {
  readonly path: string;
  readonly reply: HttpReply;
}

const MOST_REDIRECTS = 4;

/** The pages from `/` along redirects that stay on the endpoint (Location, or a meta refresh), the last one last. */
export async function firstPages(at: Endpoint, context: ProbeContext): Promise<readonly Page[]> {
  const secure = isSecure(context.facts, at);
  const pages: Page[] = [];
  let path: string | undefined = '/';
  while (path !== undefined && pages.length <= MOST_REDIRECTS && !pages.some((page) => page.path === path)) {
    const reply: HttpReply = await ask(at, context, path);
    pages.push({ path, reply });
    const link: string | undefined = isRedirect(reply) ? headerOf(reply, 'location') : refreshOf(reply);
    path = link === undefined ? undefined : pathOn(link, at, secure, path);
  }
  if (path !== undefined && pages.length > MOST_REDIRECTS)
    throw new FaultError('over-budget', `more than ${MOST_REDIRECTS} redirects in a row`);
  return pages;
}

/** `<meta http-equiv=refresh content="0;url=…">`, or `location.href = "…"` in a page of few words: embedded servers' way to a login page. */
function refreshOf(reply: HttpReply): string | undefined {
  if (reply.status !== 200) return undefined;
  const html = textOf(reply).slice(0, 4096);
  const meta = /http-equiv=["']?refresh["']?[^>]{0,80}?url=["']?([^"'> ]{1,400})/i.exec(html)?.[1];
  if (meta !== undefined) return meta;
  return reply.body.length < 1500
    ? /(?:window|top|self|document)?\.?location(?:\.href)?\s{0,8}=\s{0,8}["']([^"']{1,400})["']/i.exec(html)?.[1]
    : undefined;
}

/** What a server answers for paths that do not exist: pages like these are not there either. */
export interface Absence {
  isAbsent(reply: HttpReply): boolean;
}

export async function absenceOf(at: Endpoint, context: ProbeContext, suffixes: readonly string[]): Promise<Absence> {
  const controls = await Promise.all(
    [...suffixes, suffixes[0] ?? ''].map((suffix) => ask(at, context, randomPath(suffix))),
  );
  const soft = controls.filter(({ status }) => status >= 200 && status < 300);
  return {
    isAbsent: (reply) =>
      reply.status < 200 ||
      reply.status >= 300 ||
      reply.body.length === 0 ||
      soft.some((control) => control.status === reply.status && alike(textOf(control), textOf(reply))),
  };
}

/** The same page but for what names the path: lengths within a twentieth, and most words shared. */
function alike(one: string, other: string): boolean {
  const [small, large] = [one.length, other.length].sort((a, b) => a - b) as [number, number];
  if (large - small > Math.max(64, large / 20)) return false;
  const words = new Set(one.slice(0, 65_536).split(/\W+/));
  const asked = other.slice(0, 65_536).split(/\W+/);
  return asked.filter((word) => words.has(word)).length >= asked.length * 0.8;
}
