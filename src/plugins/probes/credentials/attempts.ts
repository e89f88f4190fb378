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

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

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
  #width: number;
  #busy = 0;
  readonly #limit: number;
  readonly #spentOf = new Map<string, number>();
  #silent = 0;
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
    this.#width = Math.max(1, door.width);
    this.#chosen = pairs.length;
    const limit = door.unlimited === true ? pairs.length : allowedTries(context.settings.credentialTries);
    this.#limit = limit;
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
    const worker = async (lane: number): Promise<void> => {
      while (lane < this.#width && !this.#over()) {
        if (this.#width === 1) await this.#quiet();
        const next = queue.shift();
        if (next === undefined) return;
        const left = await this.#try(next);
        if (left.passwords.length > 0) queue.unshift(left);
      }
    };
    while (queue.length > 0 && !this.#over())
      await Promise.all(Array.from({ length: this.#width }, (_, lane) => worker(lane)));
  }

  #over(): boolean {
    return this.#found !== undefined || this.#signal !== undefined || this.#context.signal.aborted;
  }

  /** Waits until no try is under way. */
  async #quiet(): Promise<void> {
    while (this.#busy > 0) await pause(20);
  }

  /**
   * Tries a visit and gives what of it was not judged. What was sent and not answered may have been counted by the
   * service: it is spent, too.
   */
  async #try({ account, passwords }: Visit): Promise<Visit> {
    const spent = this.#spentOf.get(account) ?? 0;
    const some = passwords.slice(0, Math.max(0, this.#limit - spent));
    if (some.length === 0) return { account, passwords: [] };
    this.#spentOf.set(account, spent + some.length);
    this.#busy += 1;
    const answers = await this.#knock(account, some).finally(() => {
      this.#busy -= 1;
    });
    const unsent = Math.max(0, some.length - Math.max(1, answers.length));
    this.#spentOf.set(account, (this.#spentOf.get(account) ?? 0) - unsent);
    for (const [index, answer] of answers.entries()) this.#judge({ account, password: some[index] ?? '' }, answer);
    if (answers.length === 0) await this.#unanswered();
    else this.#silent = 0;
    return { account, passwords: passwords.slice(answers.length) };
  }

  /**
   * Many servers close what comes beside other logins: fewer at once are tried then, and only one that is alone and
   * still not answered, three times over, is a sign.
   */
  async #unanswered(): Promise<void> {
    if (this.#width > 1) this.#narrow();
    else this.#silent += 1;
    if (this.#silent >= 3) this.stop('disconnect');
    else await pause(this.#width > 1 ? 200 : 1000);
  }

  #narrow(): void {
    this.#width = Math.max(1, Math.floor(this.#width / 2));
  }

  async #knock(account: string, passwords: readonly string[]): Promise<readonly Answer[]> {
    try {
      return await this.#door.knock(account, passwords);
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault.kind === 'bug' || fault.kind === 'stopped') throw thrown;
      if (fault.kind === 'locked-out') this.stop('lock-out');
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
    // Growth is what shows throttling: a constant pause after each wrong try was there at the control, too, and logins
    // beside each other slow each other down, so that only one that is alone is a sign.
    if (answer.milliseconds <= this.#usual * 3 + 1500) return;
    if (this.#width > 1) this.#narrow();
    else this.stop('delay');
  }

  async conclude(): Promise<void> {
    if (this.#found !== undefined && (await this.#takesAnything(this.#found.pair.account))) {
      tellOpen(this.#door.protocol, this.#found.answer, this.#context);
      return;
    }
    this.#tellDefault();
    const { protocol } = this.#door;
    this.#context.emit(loginOpen, { protocol, open: false, how: 'closed', state: this.#context.settings.state });
    if (this.#door.unlimited !== true) this.#tellThrottling();
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
    if (found !== undefined && this.#context.settings.state !== 'initialised') {
      const message = 'a default login is taken; whether one in use takes it too was not tried';
      this.#context.gap({ kind: 'not-given', flag: '--state initialised', message }, { facts: [loginDefault] });
    }
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
      const message =
        this.#found === undefined
          ? 'too few wrong logins were made on one account to tell whether they are slowed down'
          : 'a default login was taken first; whether wrong ones are slowed down was not tried';
      this.#context.gap({ kind: 'not-given', flag, message }, { facts: [loginThrottling] });
    }
  }
}
