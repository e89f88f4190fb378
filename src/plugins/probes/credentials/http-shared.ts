/** What the HTTP credential probes share: asking for a page, judging its status, staying on the endpoint. */
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import { hostInUrl, type SubjectOf } from '../../../core/model/target.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Judgement } from './doors.ts';

export interface HttpSurface {
  readonly encrypted: boolean;
  readonly path: string;
}

export const askPage = (
  endpoint: SubjectOf<'endpoint'>,
  surface: HttpSurface,
  { dial, signal }: ProbeContext,
  sent: {
    readonly authorization?: string;
    readonly method?: string;
    readonly body?: string;
    readonly headers?: { readonly [name: string]: string };
  },
): Promise<HttpReply> =>
  dial.http({
    host: endpoint.host,
    port: endpoint.port,
    tls: surface.encrypted,
    path: surface.path,
    signal,
    limit: 262_144,
    ...(sent.method === undefined ? {} : { method: sent.method }),
    ...(sent.body === undefined ? {} : { body: sent.body }),
    headers: { ...sent.headers, ...(sent.authorization === undefined ? {} : { authorization: sent.authorization }) },
  });

/** A page or a redirect proves a login that was refused at random; an error of the server's own proves nothing. */
export function judgeReply(path: string, { status, milliseconds }: HttpReply): Judgement {
  if (status === 401) return { outcome: 'refused', milliseconds };
  if (status === 429) return { outcome: 'locked', signal: 'status-429' };
  if (status === 403 || status === 423 || status === 503) return { outcome: 'locked', signal: 'lock-out' };
  if (status >= 200 && status < 400) return { outcome: 'accepted', proof: `GET ${path} ${status} (401 without)` };
  throw new FaultError('unrecognised', `a login was answered by status ${status}`);
}

/** The path of a link on the same endpoint; a link that leads elsewhere is not followed: only the target is contacted. */
export function pathWithin(link: string, from: string, endpoint: SubjectOf<'endpoint'>): string {
  const base = new URL(from, `http://${hostInUrl(endpoint.host)}:${endpoint.port}`);
  let target: URL;
  try {
    target = new URL(link, base);
  } catch {
    throw new FaultError('malformed', 'a link of the login page makes no sense');
  }
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
  if (target.hostname !== base.hostname || port !== endpoint.port)
    throw new FaultError('denied', `the login leads to another endpoint: ${target.host}`);
  return `${target.pathname}${target.search}`;
}
