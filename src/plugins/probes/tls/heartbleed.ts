/** Tells whether a heartbeat that claims more than it holds is answered with memory of the server (CVE-2014-0160). */
import { EXTENSION, heartbeat, record } from '../../../codecs/protocols/tls-hello.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { tlsCipher, tlsProtocol, tlsVulnerability } from '../../../facts/index.ts';
import { type Opened, withOpened } from './opened.ts';

/** A request without payload that claims 64 bytes: enough to tell, little to leak. RFC 6520 §4: it must be dropped silently. */
const REQUEST = Buffer.from([1, 0, 64]);

export const tlsHeartbleed: Probe = {
  id: 'tls/heartbleed',
  title: 'Heartbleed',
  method: 'TEST',
  intrusion: 'intrusive',
  consumes: [tlsProtocol, tlsCipher],
  produces: [tlsVulnerability],
  subjects: (facts) =>
    endpointsOf(
      facts
        .of(tlsProtocol)
        .filter(({ data, subject }) => data.accepted && subject.kind === 'endpoint' && subject.transport === 'tcp'),
    ),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const seen = await withOpened(subject, context, { extensions: [heartbeat()] }, bleeds);
    const { vulnerable, how } = seen ?? { vulnerable: false, how: 'nothing below TLS 1.3 is taken' };
    context.emit(tlsVulnerability, { name: 'heartbleed', vulnerable, how });
  },
};

async function bleeds({ stream, version, extensions, next }: Opened): Promise<{ vulnerable: boolean; how: string }> {
  if (!extensions.has(EXTENSION.heartbeat)) return { vulnerable: false, how: 'heartbeats are not offered' };
  stream.write(record(24, version, REQUEST));
  const answer = await next(3000);
  if (answer !== undefined && answer !== 'closed' && answer.type === 24 && answer.body.length > REQUEST.length)
    return { vulnerable: true, how: `a heartbeat of 0 bytes was answered with ${answer.body.length - 3}` };
  return { vulnerable: false, how: 'the false heartbeat was not answered' };
}
