/** Tells whether a heartbeat that claims more than it holds is answered with memory of the server (CVE-2014-0160). */
import { EXTENSION, heartbeat, record } from '../../../codecs/protocols/tls-hello.ts';
import { type Opened, withOpened } from './opened.ts';
import { type Found, NOTHING_OLDER, vulnerabilityProbe } from './vulnerability.ts';

/** A request without payload that claims 64 bytes: enough to tell, little to leak. RFC 6520 §4: it must be dropped silently. */
const REQUEST = Buffer.from([1, 0, 64]);

export const tlsHeartbleed = vulnerabilityProbe(
  'heartbleed',
  'Heartbleed',
  async (at, context) => (await withOpened(at, context, { extensions: [heartbeat()] }, bleeds)) ?? NOTHING_OLDER,
);

async function bleeds({ stream, version, extensions, next }: Opened): Promise<Found> {
  if (!extensions.has(EXTENSION.heartbeat)) return { vulnerable: false, how: 'heartbeats are not offered' };
  stream.write(record(24, version, REQUEST));
  const answer = await next(3000);
  if (answer !== undefined && answer !== 'closed' && answer.type === 24 && answer.body.length > REQUEST.length)
    return { vulnerable: true, how: `a heartbeat of 0 bytes was answered with ${answer.body.length - 3}` };
  return { vulnerable: false, how: 'the false heartbeat was not answered' };
}
