/** The tries on one surface: lanes side by side, a budget shared with the host's other surfaces, a stop at the first proof or sign. */
import { randomBytes } from 'node:crypto';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import { faultOf } from '../../../lib/fault.ts';
import type { Answer, Door, Signal } from './door.ts';
import type { Ledger, Seat } from './ledger.ts';
import type { Pair } from './pairs.ts';

export const unguessable = (): string => `Zq${randomBytes(6).toString('hex')}`;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds after which a control counts as slow. */
const SLOW = 400;

export interface Found {
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

/** What the tries of one surface are made with. */
export interface Means {
  /** Ends with the campaign: what is under way when a login was taken is dropped. */
  readonly door: Door;
  readonly context: ProbeContext;
  readonly pairs: readonly Pair[];
  readonly limit: number;
  readonly ledger: Ledger;
  readonly seat: Seat;
  /** Drops what is under way. */
  readonly drop: AbortController;
  /** The control, under way beside the first tries; nothing is judged before it is answered. */
  readonly control: Promise<Answer>;
  /** Whether an account that a login of was taken takes a random password, too; undefined where that is not tried. */
  readonly takesAnything: (account: string, wrong: number) => Promise<boolean | undefined>;
}

export class Campaign {
  readonly #door: Door;
  readonly #means: Means;
  #width: number;
  #busy = 0;
  #usual = 0;
  #silent = 0;
  readonly #visits: readonly Visit[];
  tried = 0;
  wrong = 1;
  readonly #wrongOf = new Map<string, number>();
  signal: { readonly kind: Signal; readonly after: number } | undefined;
  found: Found | undefined;
  /** Of the account that was found; asked as soon as its login was taken, beside a slow control. */
  anything: Promise<boolean | undefined> | undefined;
  /** The control was taken: the service is open to anybody. */
  open: Answer | undefined;

  constructor(means: Means) {
    this.#means = means;
    const { door, pairs, limit } = means;
    this.#door = door;
    this.#width = Math.max(1, door.width);
    const size = door.unlimited === true ? limit : Math.max(door.batch ?? 3, 1);
    this.#visits = visitsOf(passwordsOf(pairs), limit, size);
  }

  wrongOn(account: string): number {
    return this.#wrongOf.get(account) ?? 0;
  }
  get mostOnOne(): number {
    return Math.max(0, ...this.#wrongOf.values());
  }

  #stop(kind: Signal): void {
    this.signal ??= { kind, after: this.wrong };
  }

  /** Throws what the control threw: a service that answers nothing was not looked at. */
  async run(): Promise<void> {
    const queue = [...this.#visits];
    const controlled = this.#means.control.then((answer) => this.#hear(answer));
    // Whoever waits for it hears of it below.
    controlled.catch(() => this.#means.drop.abort());
    do {
      await Promise.all(Array.from({ length: this.#width }, (_, lane) => this.#work(lane, queue, controlled)));
    } while (queue.length > 0 && !this.#over());
    await controlled;
  }

  async #work(lane: number, queue: Visit[], controlled: Promise<void>): Promise<void> {
    // Many servers answer a wrong login after seconds: one visit goes beside a slow control, the others wait for it.
    await (lane > 0 ? controlled : Promise.race([controlled, pause(SLOW)]));
    while (lane < this.#width && !this.#over()) {
      if (this.#width === 1) await this.#quiet();
      const next = queue.shift();
      if (next === undefined) return;
      const left = await this.#try(next, controlled);
      if (left.passwords.length > 0) queue.push(left);
    }
  }

  #hear(control: Answer): void {
    this.#usual = control.milliseconds;
    if (control.outcome === 'accepted') this.open = control;
    if (control.outcome === 'locked') this.#stop(control.signal ?? 'lock-out');
    if (control.outcome !== 'refused') this.#means.drop.abort();
  }

  #over(): boolean {
    return [this.found, this.signal, this.open].some((end) => end !== undefined) || this.#means.context.signal.aborted;
  }

  /** Waits until no try is under way. */
  async #quiet(): Promise<void> {
    while (this.#busy > 0) await pause(20);
  }

  /**
   * Tries a visit and gives what of it was not judged. What was sent and not answered may have been counted by the
   * service: it is spent, too. A login that was taken is no wrong one: it is given back.
   */
  async #try({ account, passwords }: Visit, controlled: Promise<void>): Promise<Visit> {
    const { ledger, seat, drop } = this.#means;
    const free = this.#door.unlimited === true;
    const taken = free ? passwords.length : await ledger.take(seat, account, passwords.length, drop.signal);
    if (taken === 0) return { account, passwords: [] };
    const some = passwords.slice(0, taken);
    this.#busy += 1;
    const answers = await this.#knock(account, some).finally(() => {
      this.#busy -= 1;
    });
    const sent = Math.min(some.length, Math.max(1, answers.length));
    const accepted = answers.some(({ outcome }) => outcome === 'accepted') ? 1 : 0;
    if (!free) ledger.settle(account, taken, sent - accepted);
    if (accepted > 0) this.#ask(account);
    await controlled;
    for (const [index, answer] of answers.entries()) this.#judge({ account, password: some[index] ?? '' }, answer);
    if (answers.length > 0) this.#silent = 0;
    else if (!this.#over()) await this.#unanswered();
    return { account, passwords: passwords.slice(answers.length) };
  }

  #ask(account: string): void {
    if (this.anything !== undefined) return;
    this.anything = this.#means.takesAnything(account, this.wrongOn(account));
    // Whoever needs it hears of a fault then.
    this.anything.catch(() => {});
  }

  /**
   * Many servers close what comes beside other logins: fewer at once are tried then, and only one that is alone and
   * still not answered, three times over, is a sign.
   */
  async #unanswered(): Promise<void> {
    if (this.#width > 1) this.#narrow();
    else this.#silent += 1;
    if (this.#silent >= 3) this.#stop('disconnect');
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
      if (this.#means.drop.signal.aborted && !this.#means.context.signal.aborted) return [];
      if (fault.kind === 'bug' || fault.kind === 'stopped') throw thrown;
      if (fault.kind === 'locked-out') this.#locked(account, 'lock-out');
      return [];
    }
  }

  #locked(account: string, kind: Signal): void {
    this.#means.ledger.shut(account);
    this.#stop(kind);
  }

  #judge(pair: Pair, answer: Answer): void {
    if (this.open !== undefined) return;
    if (answer.outcome === 'locked') {
      this.#locked(pair.account, answer.signal ?? 'lock-out');
      return;
    }
    this.tried += 1;
    if (answer.outcome === 'accepted') {
      this.found ??= { pair, answer };
      this.#ask(pair.account);
      this.#means.drop.abort();
      return;
    }
    this.wrong += 1;
    this.#wrongOf.set(pair.account, this.wrongOn(pair.account) + 1);
    // Growth is what shows throttling: a constant pause after each wrong try was there at the control, too, and logins
    // beside each other slow each other down, so that only one that is alone is a sign.
    if (answer.milliseconds <= this.#usual * 3 + 1500) return;
    if (this.#width > 1) this.#narrow();
    else this.#stop('delay');
  }
}

/** Passwords of each account, in the order of the pairs. */
export function passwordsOf(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const byAccount = new Map<string, string[]>();
  for (const { account, password } of pairs) {
    const passwords = byAccount.get(account) ?? [];
    passwords.push(password);
    byAccount.set(account, passwords);
  }
  return byAccount;
}
