/** Asks for known configuration, backup, debug and update paths without a login; pages that stand for missing ones are told apart. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { httpExposedPath, httpService, netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Absence, absenceOf, ask, type Endpoint, httpEndpoints, textOf } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';

const KINDS = ['configuration', 'backup', 'source', 'debug', 'update', 'information', 'page'] as const;
interface Candidate {
  readonly path: string;
  readonly kind: (typeof KINDS)[number];
  readonly has?: string;
}
/** Endings of the paths that are asked for: servers answer missing pages by their ending. */
const ENDINGS = ['', '.htm', '.cgi', '.cfg', '.xml', '.bin', '/'];
const SIDE_BY_SIDE = 4;

export const httpExposedPaths: Probe = {
  id: 'http/exposed-paths',
  title: 'Sensitive paths served without login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpExposedPath],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    const absence = await absenceOf(subject, context, ENDINGS);
    const queue = [...candidatesOf(context.knowledge('http-paths'))];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        await look(subject, context, next, absence);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  },
};

async function look(
  at: Endpoint,
  context: ProbeContext,
  { path, kind, has }: Candidate,
  absence: Absence,
): Promise<void> {
  try {
    const reply = await ask(at, context, path, { limit: 65_536 });
    const shows = has === undefined || textOf(reply).toLowerCase().includes(has.toLowerCase());
    // A login page in place of the true one is no exposure.
    const served = shows && !absence.isAbsent(reply) && !/type\s{0,4}=\s{0,4}["']?password/i.test(textOf(reply));
    const grounds = {
      where: `GET ${path} ${reply.status}`,
      ...(served ? { evidence: [context.keep(reply.body, 'application/octet-stream', path)] } : {}),
    };
    context.emit(httpExposedPath, { path, kind, served, status: reply.status, size: reply.body.length }, grounds);
  } catch (thrown) {
    if (!(thrown instanceof FaultError) || thrown.fault.kind === 'stopped') throw thrown;
    context.gap({ ...thrown.fault, message: `${path} was not seen: ${thrown.fault.message}` });
  }
}

function candidatesOf(table: unknown): readonly Candidate[] {
  const paths = (table as { readonly paths?: unknown } | null)?.paths;
  return (Array.isArray(paths) ? paths : []).filter(
    (one): one is Candidate => typeof one?.path === 'string' && KINDS.includes(one?.kind),
  );
}
