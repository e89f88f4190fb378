/** Asks an RTSP server to describe streams without login. */
import { describes, RtspClient, type RtspReply } from '../../../codecs/protocols/rtsp-client.ts';
import { type DataOf, endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { hostInUrl, type SubjectOf } from '../../../core/model/target.ts';
import { netService, rtspAccess } from '../../../facts/index.ts';

export const rtspAccessProbe: Probe = {
  id: 'rtsp/access',
  title: 'RTSP: streams described without login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [rtspAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'rtsp')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const tls = factsAt(context.facts.of(netService), subject).some((fact) => fact.data.tls);
    const { paths } = context.knowledge('rtsp-paths') as { readonly paths: readonly string[] };
    let told = false;
    for (const path of paths) {
      const reply = await describe(subject, path, tls, context);
      const open = describes(reply);
      // What is not there tells nothing, but one such answer is told where no other comes.
      const last = path === paths.at(-1) && !told;
      if (!open && reply.status !== 401 && !last) continue;
      const evidence = open ? [context.keep(Buffer.from(reply.body, 'latin1'), 'application/sdp')] : [];
      context.emit(rtspAccess, { path, status: reply.status, open, scheme: schemeOf(reply), tls }, { evidence });
      told = true;
      // A server that asks for a login, or opens, does so for every path it has.
      if (open || reply.status === 401) return;
    }
  },
};

function schemeOf(reply: RtspReply): DataOf<typeof rtspAccess>['scheme'] {
  const schemes = reply.challenges.map((one) => one.scheme);
  if (schemes.includes('digest')) return 'digest';
  if (schemes.includes('basic')) return 'basic';
  return schemes.length > 0 ? 'other' : 'none';
}

async function describe(
  endpoint: SubjectOf<'endpoint'>,
  path: string,
  secure: boolean,
  { dial, signal }: ProbeContext,
): Promise<RtspReply> {
  const stream = await reach(dial, endpoint, { signal, secure });
  try {
    const host = hostInUrl(endpoint.host);
    return await new RtspClient(stream).ask('DESCRIBE', `rtsp://${host}:${endpoint.port}${path}`);
  } finally {
    stream.destroy();
  }
}
