/** How default logins are tried on any surface: controls first, a budget for each account, a stop at the first signal or proof. */
import { randomBytes } from 'node:crypto';
import type { DataOf } from '../../../core/model/fact.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import { loginDefault, loginOpen, loginThrottling } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import type { Pair } from './pairs.ts';

export type LoginProtocol = DataOf<typeof loginOpen>['protocol'];
export type Signal = Exclude<DataOf<typeof loginThrottling>['signal'], 'none'>;

/** How a service answered one login. */
export interface Answer {
  readonly outcome: 'accepted' | 'refused' | 'locked';
  readonly milliseconds: number;
  readonly signal?: Signal;
  /** What shows the success: a command's output, a page that others do not get. */
  readonly proof?: string;
  readonly forcedChange?: 'seen' | 'not-seen';
}

/** One login surface, opened by one protocol. */
export interface Door {
  readonly protocol: LoginProtocol;
  /** Accounts tried side by side. */
  readonly width: number;
  /** Passwords judged on one connection; default 3. A raised budget is spent over several connections at once. */
  readonly batch?: number;
  /** A surface without accounts and without lock-out (SNMP communities): the budget for each account does not bind it. */
  readonly unlimited?: boolean;
  /** Whether the service serves everybody without a login: what shows it. */
  open?(): Promise<string | undefined>;
  /**
   * Tries passwords of one account in order, until one is taken or the service stops; may judge fewer than given.
   * Throws FaultError where the service does not answer.
   */
  knock(account: string, passwords: readonly string[]): Promise<readonly Answer[]>;
}

/**
 * Three wrong tries are what the strictest devices lock at, so a budget of up to three leaves the last one unspent;
 * a budget that the user raised is spent whole.
 */
export const allowedTries = (budget: number): number => (budget <= 3 ? Math.max(1, budget - 1) : budget);

/** Wrong tries on one account after which an unchanged answer means that nothing slows an attacker down. */
const ENOUGH_FOR_THROTTLING = 10;

const unguessable = (): string => `Zq${randomBytes(6).toString('hex')}`;

/** Runs the controls and the pairs on a door and tells what was found. */
export async function tryDefaults(door: Door, pairs: readonly Pair[], context: ProbeContext): Promise<void> {
  const { protocol } = door;
  const { state } = context.settings;
  const anonymous = await door.open?.();
  if (anonymous !== undefined) {
    context.emit(loginOpen, { protocol, open: true, how: 'no-credentials', state }, { where: anonymous });
    return;
  }
  const [control] = await door.knock(unguessable(), [unguessable()]);
  if (control === undefined) throw new FaultError('closed', 'a random login was not answered');
  if (control.outcome === 'accepted') {
    tellOpen(protocol, control, context);
    return;
  }
  const campaign = new Campaign(door, pairs, context, control.milliseconds);
  if (control.outcome === 'locked') campaign.stop(control.signal ?? 'lock-out');
  else await campaign.run();
  await campaign.conclude();
}

function tellOpen(protocol: LoginProtocol, answer: Answer, context: ProbeContext): void {
  const { state } = context.settings;
  const where = `a random login was taken${answer.proof === undefined ? '' : `: ${answer.proof}`}`;
  context.emit(loginOpen, { protocol, open: true, how: 'any-credentials', state }, { where: where.slice(0, 160) });
}

interface Found {
  readonly pair: Pair;
  readonly answer: Answer;
}

/** Passwords of one account that are tried on one connection. */
interface Visit {
  readonly account: string;
  readonly passwords: readonly string[];
}

/** Likely pairs first: the first passwords of every account, then the next ones of each. */
function visitsOf(byAccount: ReadonlyMap<string, readonly string[]>, limit: number, size: number): readonly Visit[] {
  const visits: Visit[] = [];
  const longest = Math.min(limit, Math.max(0, ...[...byAccount.values()].map((passwords) => passwords.length)));
  for (let from = 0; from < longest; from += size) {
    for (const [account, passwords] of byAccount) {
      const some = passwords.slice(from, Math.min(from + size, limit));
      if (some.length > 0) visits.push({ account, passwords: some });
    }
  }
  return visits;
}

class Campaign {
  readonly #door: Door;
  readonly #context: ProbeContext;
  readonly #usual: number;
  readonly #visits: readonly Visit[];
  readonly #chosen: number;
  #most = 0;
  #tried = 0;
  #wrong = 1;
  readonly #wrongOf = new Map<string, number>();
  #signal: { readonly kind: Signal; readonly after: number } | undefined;
  #found: Found | undefined;

  constructor(door: Door, pairs: readonly Pair[], context: ProbeContext, usual: number) {
    this.#door = door;
    this.#context = context;
    this.#usual = usual;
    this.#chosen = pairs.length;
    const limit = door.unlimited === true ? pairs.length : allowedTries(context.settings.credentialTries);
    const byAccount = new Map<string, string[]>();
    for (const { account, password } of pairs) {
      const passwords = byAccount.get(account) ?? [];
      passwords.push(password);
      byAccount.set(account, passwords);
      this.#most = Math.max(this.#most, passwords.length);
    }
    const size = door.unlimited === true ? limit : Math.max(door.batch ?? 3, 1);
    this.#visits = visitsOf(byAccount, limit, size);
  }

  stop(kind: Signal): void {
    this.#signal ??= { kind, after: this.#wrong };
  }

  async run(): Promise<void> {
    const queue = [...this.#visits];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !this.#over(); next = queue.shift()) await this.#try(next);
    };
    await Promise.all(Array.from({ length: Math.max(1, this.#door.width) }, worker));
  }

  #over(): boolean {
    return this.#found !== undefined || this.#signal !== undefined || this.#context.signal.aborted;
  }

  async #try({ account, passwords }: Visit): Promise<void> {
    let done = 0;
    let failures = 0;
    while (done < passwords.length && !this.#over()) {
      const answers = await this.#knock(account, passwords.slice(done));
      for (const answer of answers) this.#judge({ account, password: passwords[done++] ?? '' }, answer);
      failures = answers.length === 0 ? failures + 1 : 0;
      if (failures > 1) this.stop('disconnect');
    }
  }

  /** A service that no longer answers is asked once more, a little later. */
  async #knock(account: string, passwords: readonly string[]): Promise<readonly Answer[]> {
    try {
      return await this.#door.knock(account, passwords);
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault.kind === 'bug' || fault.kind === 'stopped') throw thrown;
      if (fault.kind === 'locked-out') this.stop('lock-out');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [];
    }
  }

  #judge(pair: Pair, answer: Answer): void {
    if (answer.outcome === 'locked') {
      this.stop(answer.signal ?? 'lock-out');
      return;
    }
    this.#tried += 1;
    if (answer.outcome === 'accepted') {
      this.#found ??= { pair, answer };
      return;
    }
    this.#wrong += 1;
    this.#wrongOf.set(pair.account, (this.#wrongOf.get(pair.account) ?? 0) + 1);
    // Growth is what shows throttling; a constant pause after each wrong try was there at the control, too.
    if (answer.milliseconds > this.#usual * 3 + 1500) this.stop('delay');
  }

  async conclude(): Promise<void> {
    if (this.#found !== undefined && (await this.#takesAnything(this.#found.pair.account))) {
      tellOpen(this.#door.protocol, this.#found.answer, this.#context);
      return;
    }
    this.#tellDefault();
    const { protocol } = this.#door;
    this.#context.emit(loginOpen, { protocol, open: false, how: 'closed', state: this.#context.settings.state });
    this.#tellThrottling();
  }

  /** A known account that takes a random password, too, has no default login: it is open. */
  async #takesAnything(account: string): Promise<boolean> {
    const password = unguessable();
    const [answer] = this.#door.unlimited === true ? [] : await this.#knock(account, [password]);
    return answer?.outcome === 'accepted';
  }

  #tellDefault(): void {
    const found = this.#found;
    const exhausted = this.#tried >= this.#chosen;
    this.#context.emit(
      loginDefault,
      {
        protocol: this.#door.protocol,
        accepted: found !== undefined,
        tried: this.#tried,
        exhausted,
        state: this.#context.settings.state,
        forcedChange: found?.answer.forcedChange ?? 'unknown',
        ...(found === undefined
          ? {}
          : { account: found.pair.account, password: found.pair.password, proof: found.answer.proof ?? 'taken' }),
      },
      { where: `${this.#tried} of ${this.#chosen} known pairs tried` },
    );
    if (found !== undefined || exhausted) return;
    const some = `${this.#tried} of ${this.#chosen} known pairs were tried`;
    if (this.#signal !== undefined) {
      const message = `${some}, then a sign of ${this.#signal.kind} ended it`;
      this.#context.gap({ kind: 'locked-out', message }, { facts: [loginDefault] });
    } else {
      const flag = `--credential-tries ${this.#most}`;
      this.#context.gap({ kind: 'not-given', flag, message: `${some} within the budget` }, { facts: [loginDefault] });
    }
  }

  #tellThrottling(): void {
    const { protocol } = this.#door;
    if (this.#signal !== undefined) {
      const { kind, after } = this.#signal;
      this.#context.emit(loginThrottling, { protocol, throttled: true, signal: kind, after });
    } else if (this.#found === undefined && Math.max(0, ...this.#wrongOf.values()) >= ENOUGH_FOR_THROTTLING) {
      this.#context.emit(loginThrottling, { protocol, throttled: false, signal: 'none', after: this.#wrong });
    } else {
      const flag = `--credential-tries ${ENOUGH_FOR_THROTTLING}`;
      const message = 'too few wrong logins were made on one account to tell whether they are slowed down';
      this.#context.gap({ kind: 'not-given', flag, message }, { facts: [loginThrottling] });
    }
  }
}
