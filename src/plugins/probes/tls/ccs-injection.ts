/** Tells whether a ChangeCipherSpec before the key exchange is taken (CVE-2014-0224). */
import { record } from '../../../codecs/protocols/tls-hello.ts';
import { alertName } from '../../../codecs/protocols/tls-wire.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { tlsCipher, tlsProtocol, tlsVulnerability } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Opened, withOpened } from './opened.ts';

const UNREADABLE: readonly number[] = [20, 21];

export const tlsCcsInjection: Probe = {
  id: 'tls/ccs-injection',
  title: 'ChangeCipherSpec injection',
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
    const seen = await withOpened(subject, context, {}, takesEarly);
    const { vulnerable, how } = seen ?? { vulnerable: false, how: 'nothing below TLS 1.3 is taken' };
    context.emit(tlsVulnerability, { name: 'ccs-injection', vulnerable, how });
  },
};

/**
 * A sound server refuses the first message. One that took it reads the second as encrypted, and can not. Throws FaultError
 * `unrecognised` when it says nothing to either.
 */
async function takesEarly({ stream, version, next }: Opened): Promise<{ vulnerable: boolean; how: string }> {
  for (const [count, name] of ['first', 'second'].entries()) {
    stream.write(record(20, version, Buffer.from([1])));
    const answer = await next(1500);
    if (answer === undefined) continue;
    if (answer === 'closed') return { vulnerable: false, how: `closed at the ${name} early ChangeCipherSpec` };
    const code = answer.body[1] ?? 0;
    if (answer.type === 21)
      return {
        vulnerable: count === 1 && UNREADABLE.includes(code),
        how: `${alertName(code)} at the ${name} early ChangeCipherSpec`,
      };
    break;
  }
  throw new FaultError('unrecognised', 'an early ChangeCipherSpec was neither refused nor visibly taken');
}
