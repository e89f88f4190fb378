/** Which known pairs are tried on a device: those of its maker first, if it says who that is, then the general ones. */
import type { Fact, FactView } from '../../../core/model/fact.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { httpAuthentication, httpService, netService, upnpDevice } from '../../../facts/index.ts';

export interface Pair {
  readonly account: string;
  readonly password: string;
}
type Row = readonly [account: string, password: string];

/** The shape of `default-credentials.yaml`. */
export interface KnownLogins {
  readonly general: readonly Row[];
  readonly makers: readonly {
    readonly name: string;
    readonly match: readonly string[];
    readonly pairs: readonly Row[];
  }[];
}

/** Everything that a host says of itself, in lower case. */
export function selfDescription(facts: FactView, host: string): string {
  const at = <T>(list: readonly Fact<T>[]): readonly T[] =>
    list.filter(({ subject }) => 'host' in subject && subject.host === host).map((fact) => fact.data);
  const words = [
    ...at(facts.of(netService)).flatMap(({ banner, product }) => [banner, product]),
    ...at(facts.of(httpService)).flatMap(({ server, title, poweredBy }) => [server, title, poweredBy]),
    ...at(facts.of(httpAuthentication)).map(({ realm }) => realm),
    ...at(facts.of(upnpDevice)).flatMap(({ manufacturer, model }) => [manufacturer, model]),
  ];
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .toLowerCase();
}

/** Pairs by likelihood, each once. */
export function choosePairs(
  table: KnownLogins,
  facts: FactView,
  endpoint: SubjectOf<'endpoint'>,
  fits: (pair: Pair) => boolean = () => true,
): readonly Pair[] {
  const said = selfDescription(facts, endpoint.host);
  const makers = table.makers.filter((maker) => maker.match.some((word) => said.includes(word)));
  const chosen = new Map<string, Pair>();
  for (const [account, password] of [...makers.flatMap((maker) => maker.pairs), ...table.general]) {
    const pair = { account, password };
    if (fits(pair)) chosen.set(JSON.stringify([account, password]), pair);
  }
  return [...chosen.values()];
}
