/** Facts worked out from facts of several sources. */

import { defineFact } from '../core/model/fact.ts';
import { list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const featurePresent = defineFact({
  name: 'feature.present',
  title: 'A feature of the product that was observed; `present` is false only where a fact about the image proves it',
  over: 'target',
  schema: object({ name: text(), present: yes(), basis: text() }),
});
export const identitySameBuild = defineFact({
  name: 'identity.same-build',
  title: 'Whether the image and the device are the same build',
  over: 'target',
  schema: object({ same: oneOf(['yes', 'no', 'unknown']), basis: list(text()) }),
});
export const keyServed = defineFact({
  name: 'key.served',
  title: 'Whether a key that the device serves lies in the image, and so in every unit sold',
  over: 'target',
  schema: object({
    spki: text(),
    inImage: yes(),
    file: maybe(text()),
    service: maybe(text('The program of the image whose settings name the key.')),
    kind: oneOf(['tls', 'ssh']),
  }),
});
export const keyShared = defineFact({
  name: 'key.shared',
  title: 'Whether two units of a model show the same key or identifier',
  over: 'target',
  schema: object({
    what: oneOf(['tls-key', 'tls-certificate', 'ssh-host-key', 'identifier']),
    shared: yes(),
    value: text(),
    hosts: list(text()),
  }),
});
export const serviceJoined = defineFact({
  name: 'service.joined',
  title: 'Whether what the image starts is what the device listens on',
  over: 'target',
  schema: object({
    program: text(),
    port: whole(),
    image: oneOf(['starts', 'does-not-start', 'unknown']),
    device: oneOf(['open', 'closed', 'silent']),
    agrees: yes(),
  }),
});
export const certificateLifetime = defineFact({
  name: 'certificate.lifetime',
  title: 'How long a served certificate still lasts, against the date of judgement',
  over: 'target',
  schema: object({
    subject: text(),
    spki: text(),
    daysLeft: whole(),
  }),
});
export const certificateSupport = defineFact({
  name: 'certificate.support',
  title: 'Whether a served certificate lasts as long as the declared support period',
  over: 'endpoint',
  schema: object({
    subject: text(),
    spki: text(),
    outlives: yes(),
    ends: text('ISO 8601.'),
    until: text('Declared last day of support.'),
  }),
});
