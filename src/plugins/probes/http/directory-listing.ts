/** Tells whether an HTTP server lists its directories. */
import type { Probe } from '../../../core/model/gatherer.ts';
import { httpDirectoryListing, httpService, netService } from '../../../facts/index.ts';
import { ask, firstPages, httpEndpoints, isSecure, pathOn, textOf } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';

/** Directories of the first page's own links that are asked for beside the usual ones. */
const MOST_LINKED = 6;

export const httpDirectoryListings: Probe = {
  id: 'http/directory-listing',
  title: 'Directory listings of HTTP servers',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpDirectoryListing],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    const secure = isSecure(context.facts, subject);
    const pages = await firstPages(subject, context);
    const linked = pages.flatMap(({ path, reply }) =>
      linksOf(textOf(reply))
        .map((link) => pathOn(link, subject, secure, path))
        .filter((found) => found !== undefined),
    );
    const folders = [...new Set(linked.map(folderOf))].slice(0, MOST_LINKED);
    for (const path of new Set([...usualOf(context.knowledge('http-paths')), ...folders])) {
      const reply = await ask(subject, context, path);
      context.emit(
        httpDirectoryListing,
        { path, listed: reply.status === 200 && isListing(textOf(reply)) },
        { where: `GET ${path} ${reply.status}` },
      );
    }
  },
};

function usualOf(table: unknown): readonly string[] {
  const list = (table as { readonly directories?: unknown } | null)?.directories;
  return (Array.isArray(list) ? list : []).filter((one): one is string => typeof one === 'string');
}

const linksOf = (html: string): readonly string[] =>
  [...html.slice(0, 262_144).matchAll(/(?:href|src)\s{0,4}=\s{0,4}["']([^"'#?]{1,300})/gi)]
    .slice(0, 200)
    .map(([, link]) => link ?? '');

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1) || '/';

/** The titles of nginx, Apache, lighttpd, BusyBox, uhttpd, mini_httpd, Boa and Python. */
const isListing = (html: string): boolean =>
  /<(title|h1|h2|h3)[^>]{0,80}>\s{0,20}(Index of|Directory listing for|Directory of|Listing of|Contents of) ?\/?/i.test(
    html.slice(0, 16_384),
  );
