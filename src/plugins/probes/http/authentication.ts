/** Tells how an HTTP server asks for a login: Basic, Digest, Bearer, a form, or not at all. */
import { asksPassword, isLibrary, linksOf, scriptsOf, speaksOfPasswords } from '../../../codecs/formats/login-form.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import {
  httpAuthentication,
  httpService,
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  netService,
} from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import {
  ask,
  type Endpoint,
  firstPages,
  httpEndpoints,
  isRedirect,
  isSecure,
  type Page,
  pathOn,
  textOf,
} from './pages.ts';

export const httpAuthenticationProbe: Probe = {
  id: 'http/authentication',
  title: 'How HTTP servers ask for a login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpAuthentication],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const encrypted = isSecure(context.facts, subject);
    const first = await firstPages(subject, context);
    const last = first.at(-1);
    const pages = [...first, ...(await linkedPages(subject, last, context))];
    const asked = distinct((await Promise.all(pages.map(asksOf))).flat());
    for (const one of asked) context.emit(httpAuthentication, { ...one, encrypted }, { where: `GET ${one.path}` });
    if (!asked.some(({ scheme }) => scheme === 'form')) await tellScripted(subject, pages, context);
    if (asked.length > 0 || last === undefined || isRedirect(last.reply)) return;
    if (last.reply.status >= 200 && last.reply.status < 300)
      context.emit(
        httpAuthentication,
        { scheme: 'none', path: last.path, encrypted },
        { where: `GET ${last.path} ${last.reply.status}` },
      );
  },
};

interface Asks {
  readonly scheme: 'basic' | 'digest' | 'form' | 'bearer' | 'other';
  readonly path: string;
  readonly realm?: string;
  readonly algorithm?: string;
}

/** Linked pages and scripts that are asked for: a page of frames, or one that is open, may have its login behind a link. */
const MOST_LINKED = 8;

async function linkedPages(at: Endpoint, last: Page | undefined, context: ProbeContext): Promise<readonly Page[]> {
  if (last === undefined || last.reply.status !== 200) return [];
  const links = await linksOf(textOf(last.reply));
  const paths = links
    .filter(mayBeAsked)
    .flatMap((link) => pathOn(link, at, isSecure(context.facts, at), last.path) ?? []);
  const fresh = [...new Set(paths)].filter((path) => path !== last.path).slice(0, MOST_LINKED);
  return (await Promise.all(fresh.map((path) => pageAt(at, path, context)))).flat();
}

/** Nothing is asked for whose name says that asking does something. */
const mayBeAsked = (link: string): boolean =>
  !/^(?:javascript|mailto|tel|data):|^#|log-?out|sign-?out|reboot|restart|reset|delete|remove|format|upgrade|shutdown|apply|set_|save/i.test(
    link,
  );

async function pageAt(at: Endpoint, path: string, context: ProbeContext): Promise<readonly Page[]> {
  try {
    return [{ path, reply: await ask(at, context, path) }];
  } catch (thrown) {
    if (!(thrown instanceof FaultError) || thrown.fault.kind === 'stopped') throw thrown;
    context.gap({ ...thrown.fault, message: `${path} was not seen: ${thrown.fault.message}` });
    return [];
  }
}

/** One realm is one login, however many paths are behind it; forms are told by their page. */
function distinct(asked: readonly Asks[]): readonly Asks[] {
  const told = new Map<string, Asks>();
  for (const one of asked) {
    const key = JSON.stringify([one.scheme, one.realm, one.algorithm, one.scheme === 'form' ? one.path : '']);
    if (!told.has(key)) told.set(key, one);
  }
  return [...told.values()];
}

/** A page without a password field whose scripts speak of passwords may ask for one once they run, which they do not here. */
async function tellScripted(at: Endpoint, pages: readonly Page[], context: ProbeContext): Promise<void> {
  for (const { path, reply } of pages) {
    if (isRedirect(reply) || reply.status >= 400) continue;
    const { inline, sources } = await scriptsOf(textOf(reply));
    const speaks = speaksOfPasswords(inline) || (await sourcesSpeak(at, path, sources, context));
    if (!speaks) continue;
    const message = `scripts of ${path} speak of a password; a login that they make up is not seen`;
    const facts = [httpAuthentication, loginSurface, loginDefault, loginOpen, loginThrottling];
    context.gap({ kind: 'unsupported', message }, { facts });
    return;
  }
}

async function sourcesSpeak(
  at: Endpoint,
  path: string,
  sources: readonly string[],
  context: ProbeContext,
): Promise<boolean> {
  const own = sources.filter((source) => !isLibrary(source));
  const paths = own.flatMap((source) => pathOn(source, at, isSecure(context.facts, at), path) ?? []);
  for (const one of paths.slice(0, MOST_LINKED)) {
    const scripts = await pageAt(at, one, context);
    if (scripts.some(({ reply }) => speaksOfPasswords(textOf(reply)))) return true;
  }
  return false;
}

async function asksOf({ path, reply }: Page): Promise<readonly Asks[]> {
  const challenges = challengesOf(reply).map((challenge) => ({ path, ...challenge }));
  if (challenges.length > 0) return challenges;
  const html = isRedirect(reply) ? '' : textOf(reply);
  return /<input/i.test(html) && (await asksPassword(html)) ? [{ scheme: 'form', path }] : [];
}

/** WWW-Authenticate, RFC 9110 §11.6.1: one header may hold several challenges. */
function challengesOf(reply: HttpReply): readonly Omit<Asks, 'path'>[] {
  if (reply.status !== 401) return [];
  const headers = (reply.headers['www-authenticate'] ?? []).slice(0, 16).map((text) => text.slice(0, 2048));
  if (headers.length === 0) return [{ scheme: 'other' }];
  return headers.flatMap((text) => {
    const starts = [
      ...text.matchAll(/(?:^|,)\s{0,8}(Basic|Digest|Bearer|Negotiate|NTLM|HOBA|SCRAM-SHA-256)(?=[ ,]|$)/gi),
    ];
    if (starts.length === 0) return [{ scheme: 'other' as const }];
    return starts.map((start, index) => {
      const part = text.slice(start.index, starts[index + 1]?.index);
      const [realm, algorithm] = [parameter(part, 'realm'), parameter(part, 'algorithm')];
      const scheme = schemeOf(start[1] ?? '');
      return {
        scheme,
        ...(realm === undefined ? {} : { realm: realm.slice(0, 200) }),
        ...(scheme === 'digest' ? { algorithm: algorithm ?? 'MD5' } : {}),
      };
    });
  });
}

const parameter = (text: string, name: string): string | undefined =>
  new RegExp(`${name}\\s{0,8}=\\s{0,8}(?:"([^"]{0,400})"|([^\\s,"]{1,100}))`, 'i')
    .exec(text)
    ?.slice(1)
    .find((value) => value !== undefined);

function schemeOf(name: string): Asks['scheme'] {
  const known = name.toLowerCase();
  return known === 'basic' || known === 'digest' || known === 'bearer' ? known : 'other';
}
