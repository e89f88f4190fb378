/** Whether what the image starts is what the device listens on; only where both are the same build. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { identitySameBuild, netPort, netSweep, serviceJoined, serviceStart } from '../../../facts/index.ts';

export const servicesJoined: Deriver = {
  id: 'services/joined',
  title: 'Started in the image, listening on the device',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [identitySameBuild, netPort, netSweep, serviceStart],
  produces: [serviceJoined],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;
    if (facts.of(serviceStart).length === 0 || facts.of(netSweep).length === 0) return Promise.resolve();
    if (facts.of(identitySameBuild).some((fact) => fact.data.same === 'yes')) join(context);
    else
      context.gap({
        kind: 'not-given',
        flag: 'an image of the same build',
        message: 'nothing shows that image and device are the same build: they are not joined',
      });
    return Promise.resolve();
  },
};

const IMAGE = { always: 'starts', unknown: 'unknown', never: 'does-not-start' } as const;

function join({ facts, emit }: GatherContext): void {
  const open = new Map<number, Fact>(
    facts
      .of(netPort)
      .filter((fact) => fact.data.transport === 'tcp')
      .map((fact) => [fact.data.port, fact]),
  );
  const complete = facts.of(netSweep).some((fact) => fact.data.transport === 'tcp' && fact.data.complete);
  const pairs = facts
    .of(serviceStart)
    .flatMap((start) => start.data.ports.map((port) => ({ start, port, found: open.get(port) })));
  for (const { start, port, found } of pairs) {
    // A closed port is known only where every port was tried.
    if (found === undefined && !complete) continue;
    const image = IMAGE[start.data.started];
    const agrees = image === 'unknown' || (image === 'starts') === (found !== undefined);
    const grounds = { subject: start.subject, derivedFrom: found === undefined ? [start] : [start, found] };
    emit(
      serviceJoined,
      { program: start.data.program, port, image, device: found === undefined ? 'closed' : 'open', agrees },
      grounds,
    );
  }
}
