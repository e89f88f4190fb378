/** Tells how an HTTP server asks for a login: Basic, Digest, Bearer, a form, or not at all. */
import { asksPassword } from '../../../codecs/formats/login-form.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { httpAuthentication, httpService, netService } from '../../../facts/index.ts';
import { firstPages, httpEndpoints, isRedirect, isSecure, type Page, textOf } from './pages.ts';

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
    const pages = await firstPages(subject, context);
    const asked = (await Promise.all(pages.map(asksOf))).flat();
    for (const one of asked) context.emit(httpAuthentication, { ...one, encrypted }, { where: `GET ${one.path}` });
    const last = pages.at(-1);
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
