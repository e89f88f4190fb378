/** Tells whether the device still answers after it was probed. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netHealth, netHost, netPort } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

/** Ports that are tried again, tries of each, and milliseconds between them: a device that restarts needs a moment. */
const MOST_PORTS = 8;
const TRIES = 3;
const PAUSE = 2000;

export const netHealthProbe: Probe = {
  id: 'net/health',
  title: 'Whether the device still answers after probing',
  method: 'TEST',
  intrusion: 'safe',
  wide: true,
  last: true,
  consumes: [netHost, netPort],
  produces: [netHealth],
  subjects: (facts) => {
    const answering = facts.of(netHost).filter(({ data }) => data.answers);
    return answering.map(({ subject }) => subject).filter((subject) => subject.kind === 'host');
  },
  async observe(subject, context) {
    if (subject.kind !== 'host') return;
    const ports = openPorts(subject, context);
    // Without a port that was open there is nothing whose silence could be told.
    if (ports.length === 0) return;
    const deaf: number[] = [];
    for (const port of ports) if (!(await answers(subject.host, port, context))) deaf.push(port);
    const alive = deaf.length === 0;
    const where = alive ? 'every port that was open is open' : `closed or silent since: ${deaf.join(', ')}`;
    context.emit(netHealth, { alive, after: 'every probe without --credentials and --intrusive' }, { where });
  },
};

const openPorts = (at: SubjectOf<'host'>, { facts }: ProbeContext): readonly number[] =>
  facts
    .of(netPort)
    .flatMap(({ subject }) =>
      subject.kind === 'endpoint' && subject.host === at.host && subject.transport === 'tcp' ? [subject.port] : [],
    )
    .slice(0, MOST_PORTS);

async function answers(host: string, port: number, { dial, signal }: ProbeContext): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    try {
      (await dial.tcp(host, port, { signal })).destroy();
      return true;
    } catch (thrown) {
      if (!(thrown instanceof FaultError) || thrown.fault.kind === 'stopped') throw thrown;
      if (thrown.fault.kind === 'over-budget') throw thrown;
    }
  }
  return false;
}
