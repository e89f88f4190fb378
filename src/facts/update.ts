/** Facts about update artefacts, and about the way they come. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const updateArtefact = defineFact({
  name: 'update.artefact',
  title: 'An update artefact: its format and what it says of itself',
  over: 'update',
  schema: object({
    format: text(),
    byNature: yes('An update by its format, not only because it was given as one.'),
    version: maybe(text()),
    encrypted: yes(),
    hardware: list(text()),
    size: whole(),
  }),
});
export const updateSigned = defineFact({
  name: 'update.signed',
  title: 'Whether an update artefact is signed, and how that was verified',
  over: 'update',
  schema: object({
    format: text(),
    signed: yes(),
    verdict: oneOf(['verified', 'signer-unknown', 'wrong-key', 'broken', 'refused', 'unsigned', 'sample-key']),
    declaredAbsent: yes('The declaration says that it is signed, and it is not.'),
    message: text(),
  }),
});
export const updateSignature = defineFact({
  name: 'update.signature',
  title: 'One signature of an update artefact',
  over: 'update',
  schema: object({
    format: text(),
    algorithm: text(),
    hash: text(),
    keyType: text(),
    keyBits: count('0 when not known.'),
    keyFingerprint: maybe(text()),
    signer: maybe(text()),
    outcome: oneOf(['verified', 'signer-unknown', 'wrong-key', 'broken', 'refused']),
    sampleKey: maybe(text()),
    certificateValid: maybe(yes()),
    certificateExpires: maybe(text()),
  }),
});
export const updateCoverage = defineFact({
  name: 'update.coverage',
  title: 'How much of the payload of an update artefact its signature covers',
  over: 'update',
  schema: object({
    format: text(),
    coveredBytes: whole(),
    uncoveredBytes: whole(),
    whole: yes(),
    uncovered: list(text('`0x200..0x400 kernel`')),
  }),
});
export const updateIntegrity = defineFact({
  name: 'update.integrity',
  title: 'A checksum of an update artefact: integrity, not authenticity',
  over: 'update',
  schema: object({ algorithm: text(), of: text(), holds: yes() }),
});
export const updateVersion = defineFact({
  name: 'update.rollback',
  title: 'Whether an update artefact carries a protected version that only goes up',
  over: 'update',
  schema: object({ format: text(), protected: yes(), value: maybe(text()) }),
});
export const updateTransport = defineFact({
  name: 'update.transport',
  title: 'How an update is fetched from its URL',
  over: 'update',
  schema: object({
    url: text(),
    scheme: oneOf(['https', 'http', 'other']),
    certificateTrusted: maybe(yes()),
    tlsVersion: maybe(text()),
    redirectsToHttp: yes(),
    /** Another host that a redirect names: it is told and never contacted. */
    leadsTo: maybe(text()),
    status: maybe(whole()),
    size: maybe(whole()),
    etag: maybe(text()),
    namesHttp: maybe(yes('What is there is a manifest, and names an address in clear.')),
    names: maybe(text('That address.')),
  }),
});
