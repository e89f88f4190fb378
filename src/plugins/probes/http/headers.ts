/** Tells the security headers of the first page of an HTTP server. */
import type { Probe } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { httpHeaders, netService } from '../../../facts/index.ts';
import { firstPages, headerOf, httpEndpoints, isRedirect, isSecure } from './pages.ts';

export const httpHeadersProbe: Probe = {
  id: 'http/headers',
  title: 'Security headers of HTTP servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [httpHeaders],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const page = (await firstPages(subject, context)).at(-1);
    // A redirect elsewhere is no page.
    if (page === undefined || isRedirect(page.reply)) return;
    const scheme = isSecure(context.facts, subject) ? 'https' : 'http';
    context.emit(httpHeaders, { scheme, ...headersOf(page.reply) }, { where: `GET ${page.path} ${page.reply.status}` });
  },
};

function headersOf(reply: HttpReply) {
  const policy = reply.headers['content-security-policy']?.join(', ');
  const strict = headerOf(reply, 'strict-transport-security');
  // RFC 6797 §6.1.1: max-age may be quoted; 0 switches it off.
  const seconds = Number(/max-age\s{0,4}=\s{0,4}"?(\d{1,12})/i.exec(strict ?? '')?.[1] ?? 0);
  return {
    hsts: seconds > 0,
    hstsSeconds: seconds,
    contentSecurityPolicy: policy !== undefined,
    frameProtection:
      /frame-ancestors/i.test(policy ?? '') || /^\s*(deny|sameorigin)/i.test(headerOf(reply, 'x-frame-options') ?? ''),
    noSniff: /^\s*nosniff/i.test(headerOf(reply, 'x-content-type-options') ?? ''),
    referrerPolicy: headerOf(reply, 'referrer-policy') !== undefined,
  };
}
