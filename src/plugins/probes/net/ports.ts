/** Finds the open TCP ports of a host: open, closed and silent told apart. */
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SweepResult } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netHost, netPort, netSweep } from '../../../facts/index.ts';
import { portsOf, rangesBeside, rangesOf } from './port-list.ts';

/** Every port of TCP but 0. */
const EVERY = 65_535;

export const netPorts: Probe = {
  id: 'net/ports',
  title: 'Open TCP ports',
  method: 'TEST',
  intrusion: 'safe',
  finds: 'tcp',
  consumes: [],
  produces: [netHost, netSweep, netPort],
  subjects: () => [],
  async observe(subject, context) {
    const ports = portsOf(context.settings.ports);
    const told = new Set<number>();
    const tellOpen = (port: number): void => {
      if (told.has(port)) return;
      told.add(port);
      const at: SubjectOf<'endpoint'> = { kind: 'endpoint', host: subject.host, port, transport: 'tcp' };
      context.emit(netPort, { transport: 'tcp', port }, { subject: at });
    };
    const result = await context.dial.sweep(subject.host, ports, {
      signal: context.signal,
      likely: new Set(portsOf('default')),
      onOpen: tellOpen,
      onProgress: (done) => context.progress(Math.min(done, ports.length), ports.length),
    });
    const host = { kind: 'host', host: subject.host } as const;
    context.emit(netHost, { answers: result.answered, address: result.address ?? subject.host }, { subject: host });
    for (const other of result.others ?? []) {
      const message = `${subject.host} is ${other} too, which was not looked at`;
      context.gap({ kind: 'not-given', flag: `--device ${other}`, message }, { scope: host, area: 'endpoint' });
    }
    if (!result.answered) {
      tellSilence(subject.host, ports, result, context);
      return;
    }
    for (const { port } of result.open) tellOpen(port);
    const complete = ports.length === EVERY;
    context.emit(
      netSweep,
      {
        transport: 'tcp',
        ports: rangesOf(ports),
        open: result.open.length,
        closed: result.closed,
        silent: result.silent,
        complete,
      },
      { subject: host },
    );
    if (!complete) tellRest(subject.host, ports, context);
  },
};

/** Nothing answered: not one port was seen, whatever was asked for. */
function tellSilence(host: string, ports: readonly number[], result: SweepResult, context: ProbeContext): void {
  const scope = { kind: 'ports', host, transport: 'tcp', ports: rangesOf(ports) } as const;
  const fault =
    result.unreachable === undefined
      ? ({ kind: 'timeout', message: `not one of ${ports.length} ports of ${host} answered` } as const)
      : ({ kind: 'unreachable', message: `${host}: ${result.unreachable}` } as const);
  context.gap(fault, { scope, area: 'endpoint' });
}

function tellRest(host: string, ports: readonly number[], context: ProbeContext): void {
  const message = `${EVERY - ports.length} of ${EVERY} TCP ports of ${host} were not asked for`;
  context.gap(
    { kind: 'not-given', flag: '--ports all', message },
    { scope: { kind: 'ports', host, transport: 'tcp', ports: rangesBeside(ports) }, area: 'tcp', facts: [netPort] },
  );
}
