/** Facts that the maker states: ICS and IXIT answers, listeners, accounts, cryptography, keys, features. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const declaredSupport = defineFact({
  name: 'declared.support',
  title: 'The support period that the maker states',
  over: 'declaration',
  schema: object({ until: text('ISO 8601 date.'), published: maybe(text('URL.')) }),
});
export const declaredDisclosure = defineFact({
  name: 'declared.disclosure',
  title: 'The vulnerability disclosure policy that the maker states',
  over: 'declaration',
  schema: object({ url: text(), contact: yes(), acknowledgement: yes(), statusUpdates: yes() }),
});
export const declaredListener = defineFact({
  name: 'declared.listener',
  title: 'A listener that the maker states',
  over: 'declaration',
  schema: object({ port: whole(), transport: oneOf(['tcp', 'udp']), protocol: maybe(text()), purpose: maybe(text()) }),
});
export const declaredAnswer = defineFact({
  name: 'declared.answer',
  title: 'An answer to the ICS: whether a provision is supported',
  over: 'declaration',
  schema: object({
    provision: text(),
    support: oneOf(['yes', 'no', 'not-applicable']),
    detail: yes('A justification is given.'),
  }),
});
export const declaredTable = defineFact({
  name: 'declared.table',
  title: 'An IXIT table and how completely it is filled',
  over: 'declaration',
  schema: object({
    table: text('`10-SecParam`'),
    rows: count(),
    empty: list(text('Fields without an answer.')),
    complete: yes(),
  }),
});
export const declaredCryptography = defineFact({
  name: 'declared.cryptography',
  title: 'A cryptographic mechanism that the maker states for a channel',
  over: 'declaration',
  schema: object({
    id: text(),
    protocol: text('TLS, DTLS, SSH or other.'),
    floor: maybe(text('Lowest version, e.g. TLSv1.2.')),
    algorithms: list(text('Named in free text: what is meant by them is for a person.')),
    ports: maybe(list(text('`443/tcp`; absent: every endpoint that speaks the protocol.'))),
    versions: maybe(list(text('All that are taken: TLSv1.2, TLSv1.3 …'))),
    suites: maybe(list(text('All TLS suites that are taken, by IANA name.'))),
    groups: maybe(list(text('All key-exchange groups that are taken.'))),
    kex: maybe(list(text('All SSH key exchanges on offer.'))),
    hostKeys: maybe(list(text('All SSH host key algorithms on offer.'))),
    ciphers: maybe(list(text('All SSH ciphers on offer.'))),
    macs: maybe(list(text('All SSH message authentication codes on offer.'))),
  }),
});
export const declaredAccount = defineFact({
  name: 'declared.account',
  title: 'An account or authentication mechanism that the maker states',
  over: 'declaration',
  schema: object({
    id: text(),
    account: maybe(text()),
    factor: maybe(text()),
    preset: oneOf(['unique', 'user-set', 'shared', 'none', 'unknown']),
  }),
});
export const declaredLogin = defineFact({
  name: 'declared.login',
  title: 'An account that the maker states, and whether one can log in with it',
  over: 'declaration',
  schema: object({
    account: text(),
    login: yes('One can log in with it.'),
    through: list(text('http, ssh, telnet, ftp, mqtt, snmp, rtsp, vnc, console; empty: not said.')),
    purpose: maybe(text()),
  }),
});
export const declaredKey = defineFact({
  name: 'declared.update-key',
  title: 'A key with which the maker says that updates are signed',
  over: 'declaration',
  schema: object({ name: text(), kind: text(), fingerprint: text() }),
});
export const declaredFeature = defineFact({
  name: 'declared.feature',
  title: 'A feature that the maker states the product has or lacks',
  over: 'declaration',
  schema: object({ name: text(), present: yes(), rationale: maybe(text()) }),
});
