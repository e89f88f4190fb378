/** What facts say in the words of an IXIT table: rows to confirm, each with the facts that show it. Nothing is guessed. */
import type { Fact, FactType } from '../../../core/model/fact.ts';
import { nameOf } from '../../../core/model/target.ts';
import { loginSurface, loginThrottling, netService, tlsProtocol, updateSignature } from '../../../facts/index.ts';

/** Answers by field; a field that the edition does not have is left out by the form. */
export interface ObservedRow {
  readonly answers: { readonly [field: string]: string };
  readonly facts: readonly string[];
}

const of = <T>(facts: readonly Fact[], type: FactType<T>): readonly Fact<T>[] =>
  facts.filter((fact): fact is Fact<T> => fact.type === type.name);

/** Rows by number of the table. */
export function observedRows(facts: readonly Fact[]): ReadonlyMap<number, readonly ObservedRow[]> {
  return new Map([
    [1, mechanisms(facts)],
    [7, updates(facts)],
    [11, channels(facts)],
    [28, interfaces(facts)],
  ]);
}

/** 1-AuthMech: where a service asks for credentials, and how it answers wrong ones. */
function mechanisms(facts: readonly Fact[]): readonly ObservedRow[] {
  return of(facts, loginSurface).map((fact) => {
    const at = nameOf(fact.subject);
    const held = of(facts, loginThrottling).find(
      (one) => nameOf(one.subject) === at && one.data.protocol === fact.data.protocol,
    );
    const place = fact.data.path === undefined ? at : `${at} ${fact.data.path}`;
    const wrap = fact.data.encrypted ? 'inside TLS or SSH' : 'in the clear';
    return {
      answers: {
        Description: `${fact.data.protocol} asks for credentials at ${place}, ${wrap}`,
        ...(held === undefined ? {} : { 'Brute Force Prevention': throttling(held.data) }),
      },
      facts: [fact.id, ...(held === undefined ? [] : [held.id])],
    };
  });
}

const throttling = (data: { readonly throttled: boolean; readonly signal: string; readonly after: number }): string =>
  data.throttled ? `${data.signal} after ${data.after} wrong logins` : `none was seen in ${data.after} wrong logins`;

/** 7-UpdMech: signatures of the update artefacts that were given. What the device verifies is not seen. */
function updates(facts: readonly Fact[]): readonly ObservedRow[] {
  return of(facts, updateSignature).map(({ id, subject, data }) => ({
    answers: {
      Description: `update ${nameOf(subject)} (${data.format})`,
      'Cryptographic Details': [data.algorithm, data.hash, `${data.keyType} ${data.keyBits || ''}`.trim()].join(', '),
    },
    facts: [id],
  }));
}

/** 11-ComMech or 11-SecComMech: TLS by endpoint, with the versions that it takes. */
function channels(facts: readonly Fact[]): readonly ObservedRow[] {
  const found = new Map<string, { versions: string[]; ids: string[] }>();
  for (const { id, subject, data } of of(facts, tlsProtocol)) {
    if (!data.accepted) continue;
    const at = nameOf(subject);
    const one = found.get(at) ?? { versions: [], ids: [] };
    found.set(at, one);
    one.versions.push(data.version);
    one.ids.push(id);
  }
  return [...found].sort().map(([at, { versions, ids }]) => ({
    answers: {
      Description: `TLS at ${at}`,
      Interface: at,
      'Cryptographic Details': `takes ${versions.sort().join(', ')}`,
    },
    facts: ids,
  }));
}

/** 28-ExtAPI or 28-LogIntf: endpoints by what they speak. */
function interfaces(facts: readonly Fact[]): readonly ObservedRow[] {
  return of(facts, netService)
    .filter(({ data }) => data.protocol !== 'unknown')
    .map(({ id, subject, data }) => ({
      answers: {
        Description: `${data.protocol}${data.tls ? ' inside TLS' : ''} at ${nameOf(subject)}`,
        Access: 'over the network',
        Status: 'open when looked at',
        ...(data.banner === undefined || data.banner === '' ? {} : { 'Disclosed Information': data.banner }),
      },
      facts: [id],
    }));
}
