/** Tells the cookies that an HTTP server sets on its first pages, and their flags. */
import type { Probe } from '../../../core/model/gatherer.ts';
import { httpCookie, netService } from '../../../facts/index.ts';
import { firstPages, httpEndpoints, isSecure } from './pages.ts';

export const httpCookies: Probe = {
  id: 'http/cookies',
  title: 'Cookies of HTTP servers and their flags',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [httpCookie],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const encrypted = isSecure(context.facts, subject);
    const told = new Set<string>();
    for (const { path, reply } of await firstPages(subject, context)) {
      for (const text of (reply.headers['set-cookie'] ?? []).slice(0, 50)) {
        const cookie = cookieOf(text.slice(0, 4096));
        if (cookie === undefined || told.has(cookie.name)) continue;
        told.add(cookie.name);
        context.emit(httpCookie, { ...cookie, encrypted }, { where: `Set-Cookie of GET ${path}` });
      }
    }
  },
};

const SESSION = /sess|sid$|^sid|auth|token|login|^id$|uid$|jwt|connect\.sid/i;

/** One Set-Cookie header, RFC 6265 §5.2; undefined for one that is deleted or has no name. The value is never told. */
function cookieOf(text: string) {
  const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  if (at <= 0 || pair.length === at + 1) return undefined;
  const name = pair.slice(0, at).slice(0, 100);
  const flags = new Map(
    attributes.map((attribute) => {
      const [key = '', value = ''] = attribute.split('=');
      return [key.trim().toLowerCase(), value.trim().toLowerCase()] as const;
    }),
  );
  const sameSite = flags.get('samesite');
  return {
    name,
    session: SESSION.test(name),
    secure: flags.has('secure'),
    httpOnly: flags.has('httponly'),
    sameSite: sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none' ? sameSite : ('absent' as const),
  };
}
