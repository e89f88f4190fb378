/** What the credential probes share: finding their surfaces, choosing pairs, and timing an answer. */
import { endpointsOf, type FactView, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
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
import { type Answer, type Door, type LoginProtocol, tryDefaults } from './attempts.ts';
import { choosePairs, type KnownLogins, type Pair } from './pairs.ts';

type Endpoint = SubjectOf<'endpoint'>;

export interface DoorKind {
  readonly id: string;
  readonly title: string;
  readonly protocol: LoginProtocol;
  /** The door at one surface. */
  open(
    endpoint: Endpoint,
    surface: { readonly encrypted: boolean; readonly path: string },
    context: ProbeContext,
  ): Door | Promise<Door>;
  readonly fits?: (pair: Pair) => boolean;
  /** Other pairs than those of the table of logins. */
  readonly pairs?: (context: ProbeContext) => readonly Pair[];
}

/** A credential probe: every surface of its protocol is tried, one after the other. */
export const credentialProbe = (kind: DoorKind): Probe => ({
  id: kind.id,
  title: kind.title,
  method: 'TEST',
  intrusion: 'intrusive',
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
      const door = await kind.open(subject, { encrypted: data.encrypted, path: data.path ?? '/' }, context);
      await tryDefaults(door, pairs, context);
    }
  },
});

/** Runs one login and adds how long its answer took. */
export async function timed(attempt: () => Promise<Omit<Answer, 'milliseconds'>>): Promise<Answer> {
  const started = Date.now();
  const answer = await attempt();
  return { ...answer, milliseconds: Date.now() - started };
}

/** Tries passwords one by one, each by itself, until one is not plainly refused. */
export async function oneByOne(
  passwords: readonly string[],
  attempt: (password: string) => Promise<Omit<Answer, 'milliseconds'>>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const password of passwords) {
    const answer = await timed(() => attempt(password)).catch((thrown: unknown) => {
      // What was judged so far counts; the fault shows again, and alone, at the next knock.
      if (answers.length > 0) return undefined;
      throw thrown;
    });
    if (answer === undefined) break;
    answers.push(answer);
    if (answer.outcome !== 'refused') break;
  }
  return answers;
}

/** Words by which services say that an account or an address is shut out for a while. */
export const speaksOfLockOut = (text: string): boolean =>
  /(too many|locked|lock(ed)?[ -]?out|temporarily (blocked|disabled|banned)|try again (later|in)|account (is )?(disabled|suspended)|blocked)/i.test(
    text.slice(0, 4096),
  );
