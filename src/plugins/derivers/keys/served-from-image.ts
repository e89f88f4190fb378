/** Joins keys on the wire with keys in the image: one that lies in the image is the same in every unit sold. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import { identitySameBuild, keyPrivate, keyServed, sshHostKey, tlsCertificate } from '../../../facts/index.ts';

export const keysServedFromImage: Deriver = {
  id: 'keys/served-from-image',
  title: 'Keys of the image in use on the device',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [identitySameBuild, keyPrivate, sshHostKey, tlsCertificate],
  produces: [keyServed],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;
    const byKey = new Map(
      facts.of(keyPrivate).flatMap((fact) => (fact.data.spki === undefined ? [] : [[fact.data.spki, fact] as const])),
    );
    for (const fact of facts.of(tlsCertificate))
      if (fact.data.position === 'leaf') join(fact, fact.data.spki, 'tls', byKey, context);
    for (const fact of facts.of(sshHostKey))
      if (fact.data.spki !== undefined) join(fact, fact.data.spki, 'ssh', byKey, context);
    return Promise.resolve();
  },
};

type InImage = Fact<{ readonly file: string; readonly service?: { readonly daemon: string } }>;

function placeOf(found: InImage | undefined): { file?: string; service?: string } {
  if (found === undefined) return {};
  const { file, service } = found.data;
  return { file, ...(service === undefined ? {} : { service: service.daemon }) };
}

/** «Not in the image» is said only where all keys of the image were seen, and the device is known to run it. */
function join(
  served: Fact,
  spki: string,
  kind: 'tls' | 'ssh',
  byKey: ReadonlyMap<string, InImage>,
  context: GatherContext,
): void {
  const found = byKey.get(spki);
  if (found === undefined) {
    const sameBuild = context.facts.of(identitySameBuild).some((fact) => fact.data.same === 'yes');
    if (!sameBuild || !context.facts.coverage(keyPrivate.name, 'image').complete) {
      const why = sameBuild
        ? 'not all keys of the image were seen'
        : 'nothing shows that the device runs the image that was given';
      const message = `whether the served key lies in the image is not known: ${why}`;
      const unseen = sameBuild
        ? ({ kind: 'unrecognised', message } as const)
        : ({ kind: 'not-given', flag: 'an image of the same build', message } as const);
      context.gap(unseen, { scope: served.subject, area: 'endpoint' });
      return;
    }
  }
  context.emit(
    keyServed,
    { spki, inImage: found !== undefined, ...placeOf(found), kind },
    { subject: served.subject, derivedFrom: found === undefined ? [served] : [served, found] },
  );
}
