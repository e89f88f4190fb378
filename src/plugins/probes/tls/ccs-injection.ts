/** Tells whether a ChangeCipherSpec before the key exchange is taken (CVE-2014-0224). */
import { record } from '../../../codecs/protocols/tls-hello.ts';
import { alertName } from '../../../codecs/protocols/tls-wire.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Opened, withOpened } from './opened.ts';
import { type Found, NOTHING_OLDER, vulnerabilityProbe } from './vulnerability.ts';

const UNREADABLE: readonly number[] = [20, 21];

export const tlsCcsInjection = vulnerabilityProbe(
  'ccs-injection',
  'ChangeCipherSpec injection',
  async (at, context) => (await withOpened(at, context, {}, takesEarly)) ?? NOTHING_OLDER,
);

/**
 * A sound server refuses the first message. One that took it reads the second as encrypted, and can not. Throws FaultError
 * `unrecognised` when it says nothing to either.
 */
async function takesEarly({ stream, version, next }: Opened): Promise<Found> {
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
