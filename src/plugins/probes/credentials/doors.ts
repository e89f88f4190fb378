/** What the credential probes share: finding their surfaces, choosing pairs, and timing an answer. */
import type { Duplex } from 'node:stream';
import { endpointsOf, type FactView, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import {
  httpAuthentication,
  httpService,
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  netService,
  upnpDevice,
} from '../../../facts/index.ts';
import { tryDefaults } from './attempts.ts';
import type { Answer, Door, LoginProtocol } from './door.ts';
import { choosePairs, type KnownLogins, type Pair } from './pairs.ts';

type Endpoint = SubjectOf<'endpoint'>;

export interface LoginSurface {
  readonly encrypted: boolean;
  readonly path: string;
}

export interface DoorKind {
  readonly id: string;
  readonly title: string;
  readonly protocol: LoginProtocol;
  /** The door at one surface. */
  open(endpoint: Endpoint, surface: LoginSurface, context: ProbeContext): Door | Promise<Door>;
  readonly fits?: (pair: Pair) => boolean;
  /** Whether the surface asks for a password alone. */
  readonly nameless?: (endpoint: Endpoint, surface: LoginSurface, context: ProbeContext) => Promise<boolean>;
  /** Other pairs than those of the table of logins. */
  readonly pairs?: (context: ProbeContext) => readonly Pair[];
}

/** A credential probe: every surface of its protocol is tried, one after the other. */
export const credentialProbe = (kind: DoorKind): Probe => ({
  id: kind.id,
  title: kind.title,
  method: 'TEST',
  intrusion: 'intrusive',
  wide: true,
  consumes: [loginSurface, netService, httpService, httpAuthentication, upnpDevice],
  produces: [loginDefault, loginOpen, loginThrottling],
  subjects: (facts: FactView) =>
    endpointsOf(facts.of(loginSurface).filter((fact) => fact.data.protocol === kind.protocol)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const { protocol, fits } = kind;
    const budget = context.settings.credentialTries;
    const choice = { endpoint: subject, protocol, budget, ...(fits === undefined ? {} : { fits }) };
    const table = (): KnownLogins => context.knowledge('default-credentials') as KnownLogins;
    const pairs = kind.pairs?.(context) ?? choosePairs(table(), context.facts, choice);
    const surfaces = factsAt(context.facts.of(loginSurface), subject);
    for (const { data } of surfaces.filter((fact) => fact.data.protocol === kind.protocol)) {
      const surface = { encrypted: data.encrypted, path: data.path ?? '/' };
      const nameless = (await kind.nameless?.(subject, surface, context)) === true;
      const open = async (signal: AbortSignal): Promise<Door> => {
        const door = await kind.open(subject, surface, { ...context, signal });
        return nameless ? { ...door, nameless } : door;
      };
      await tryDefaults({ protocol, host: subject.host }, open, nameless ? withoutNames(pairs) : pairs, context);
    }
  },
});

/** Each password once. A password without a name is most often the administrator's: they may share one lock. */
const withoutNames = (pairs: readonly Pair[]): readonly Pair[] =>
  [...new Set(pairs.map(({ password }) => password))].map((password) => ({ account: 'admin', password }));

/** An answer whose time was perhaps taken where it was got. */
export type Judgement = Omit<Answer, 'milliseconds'> & { readonly milliseconds?: number | undefined };

/** Tries passwords one by one, each by itself, until one is not plainly refused. */
export async function oneByOne(
  passwords: readonly string[],
  attempt: (password: string) => Promise<Judgement>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const password of passwords) {
    const started = Date.now();
    const answer = await attempt(password).catch((thrown: unknown) => {
      // What was judged so far counts; the fault shows again, and alone, at the next knock.
      if (answers.length > 0) return undefined;
      throw thrown;
    });
    if (answer === undefined) break;
    answers.push({ ...answer, milliseconds: answer.milliseconds ?? Date.now() - started });
    if (answer.outcome !== 'refused') break;
  }
  return answers;
}

/** Runs one login on a connection of its own; the wait for the connection is no answer of the service. */
export async function onItsOwn(
  { dial, signal }: ProbeContext,
  endpoint: Endpoint,
  secure: boolean,
  attempt: (stream: Duplex) => Promise<Judgement>,
): Promise<Judgement> {
  const stream = await reach(dial, endpoint, { signal, secure });
  const started = Date.now();
  try {
    const answer = await attempt(stream);
    return { ...answer, milliseconds: Date.now() - started };
  } finally {
    stream.destroy();
  }
}

/** Words by which services say that an account or an address is shut out for a while. */
export const speaksOfLockOut = (text: string): boolean =>
  /(too many|locked|lock(ed)?[ -]?out|temporarily (blocked|disabled|banned)|try again (later|in)|account (is )?(disabled|suspended)|blocked)/i.test(
    text.slice(0, 4096),
  );
