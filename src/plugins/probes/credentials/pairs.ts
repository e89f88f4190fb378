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
  readonly shell: readonly Row[];
  readonly web: readonly Row[];
  readonly rare: readonly Row[];
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

/** A budget above which rare pairs are tried, too. */
const RARE_ABOVE = 200;
const SHELLS: readonly string[] = ['ssh', 'telnet', 'ftp'];

export interface Choice {
  readonly endpoint: SubjectOf<'endpoint'>;
  readonly protocol: string;
  readonly budget: number;
  readonly fits?: (pair: Pair) => boolean;
}

/** A short name stands by itself, a longer one begins a word: neither "smart" nor "plasma" names SMA. */
function names(said: string, word: string): boolean {
  const isLetter = (at: number): boolean => /[a-z0-9]/.test(said[at] ?? '');
  for (let at = said.indexOf(word); at >= 0; at = said.indexOf(word, at + 1)) {
    const whole = word.length > 4 || !isLetter(at + word.length) || !/[a-z0-9]$/.test(word);
    if (!isLetter(at - 1) && whole) return true;
  }
  return false;
}

/** Pairs by likelihood, each once. */
export function choosePairs(table: KnownLogins, facts: FactView, choice: Choice): readonly Pair[] {
  const said = selfDescription(facts, choice.endpoint.host);
  const makers = table.makers.filter((maker) => maker.match.some((word) => names(said, word)));
  const rows = [
    ...makers.flatMap((maker) => maker.pairs),
    ...table.general,
    ...(SHELLS.includes(choice.protocol) ? table.shell : table.web),
    ...(choice.budget > RARE_ABOVE ? table.rare : []),
  ];
  const chosen = new Map<string, Pair>();
  for (const [account, password] of rows) {
    const pair = { account, password };
    if (choice.fits?.(pair) ?? true) chosen.set(JSON.stringify([account, password]), pair);
  }
  return [...chosen.values()];
}
