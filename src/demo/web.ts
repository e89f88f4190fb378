/** The web server of the demo device: a status page behind HTTP Basic. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const PAGE = `<!doctype html><html lang="en"><head><title>DemoCam</title></head><body><h1>DemoCam</h1>
<p id="state">Camera running, 25 frames a second.</p><p><a href="/settings">Settings</a> <a href="/logout">Log out</a></p></body></html>`;

const equal = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export interface WebOptions {
  readonly user: string;
  readonly password: string;
  /** With security headers, without a version in `Server`, and slow to answer wrong passwords. */
  readonly careful: boolean;
}

/** A request handler that serves one page to whoever has the credentials. */
export function web(options: WebOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const wanted = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  return (request, response) => {
    request.resume();
    response.setHeader('Server', options.careful ? 'DemoCam' : 'lighttpd/1.4.35');
    if (options.careful) protect(response);
    if (!equal(request.headers.authorization ?? '', wanted)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="DemoCam"', 'Content-Type': 'text/html' });
      response.end('<html><body><h1>401 Unauthorized</h1></body></html>');
      return;
    }
    if (request.url !== '/') {
      response.writeHead(404, { 'Content-Type': 'text/html' });
      response.end('<html><body><h1>404 Not Found</h1></body></html>');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(PAGE);
  };
}

function protect(response: ServerResponse): void {
  response.setHeader('Strict-Transport-Security', 'max-age=63072000');
  response.setHeader('Content-Security-Policy', "default-src 'self'; frame-ancestors 'none'");
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
}

/** A password that differs at every start, as every unit's should. */
export const ownPassword = (): string => randomBytes(12).toString('base64url');
