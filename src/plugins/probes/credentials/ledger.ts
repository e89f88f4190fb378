/** The budget of wrong logins of one host: counted by account over all its surfaces, for they may share one lock. */
import { setMaxListeners } from 'node:events';
import type { FactView } from '../../../core/model/fact.ts';
import type { LoginProtocol } from './door.ts';

/** What is most often reachable and most often left as delivered comes first where there are more surfaces than tries. */
const ORDER: readonly LoginProtocol[] = [
  'http-form',
  'http-basic',
  'http-digest',
  'ssh',
  'telnet',
  'rtsp',
  'ftp',
  'mqtt',
  'vnc',
  'snmp',
];

/** Milliseconds without any change after which nobody is waited for. */
const PATIENCE = 15_000;

interface Account {
  /** Wrong tries, and tries that were sent and perhaps counted. */
  spent: number;
  /** Tries under way. */
  flying: number;
  /** A sign of a lock-out came: nobody tries it again. */
  shut: boolean;
}

/** One surface that takes part. */
export interface Seat {
  readonly protocol: LoginProtocol;
  /** Accounts that it will ask for and has not asked for yet. */
  readonly ahead: Set<string>;
  /** Its askers of one account are served in order. */
  readonly turns: Map<string, Promise<unknown>>;
}

/** Locks rarely tell upper from lower case. */
const keyOf = (account: string): string => account.toLowerCase();
const rankOf = (seat: Seat): number => ORDER.indexOf(seat.protocol);

export class Ledger {
  readonly #limit: number;
  readonly #accounts = new Map<string, Account>();
  readonly #seats = new Set<Seat>();
  /** Passwords that all surfaces together have for an account. */
  readonly #wanted = new Map<string, number>();
  #wake: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Tries on one account that all surfaces need to go through their lists. */
  get needed(): number {
    return Math.max(0, ...this.#wanted.values());
  }

  join(protocol: LoginProtocol, passwords: ReadonlyMap<string, readonly string[]>): Seat {
    const seat = { protocol, ahead: new Set([...passwords.keys()].map(keyOf)), turns: new Map() };
    this.#seats.add(seat);
    for (const [account, { length }] of passwords) {
      const key = keyOf(account);
      this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + length);
    }
    return seat;
  }

  leave(seat: Seat): void {
    this.#seats.delete(seat);
    this.#changed();
  }

  /**
   * Up to `wanted` tries on an account, 0 when its budget is spent. Waits while tries of other surfaces are under way whose
   * success would give theirs back, and while one that goes first has not asked: every surface has its first try before any
   * has a second one.
   */
  take(seat: Seat, account: string, wanted: number, signal: AbortSignal): Promise<number> {
    const key = keyOf(account);
    const turn = (seat.turns.get(key) ?? Promise.resolve()).then(() => this.#take(seat, key, wanted, signal));
    seat.turns.set(key, turn);
    return turn;
  }

  async #take(seat: Seat, key: string, wanted: number, signal: AbortSignal): Promise<number> {
    const state = this.#of(key);
    for (let waited = true; !state.shut && !signal.aborted; ) {
      const free = this.#limit - state.spent - state.flying;
      // Nothing moved for long and nothing is under way: whoever should go first does not come.
      const first = waited || state.flying > 0 ? this.#before(seat, key) : 0;
      if (free > first) {
        const share = Math.max(1, Math.floor(this.#limit / Math.max(1, this.#seats.size)));
        const taken = Math.min(free - first, wanted, share);
        state.flying += taken;
        this.#asked(seat, key);
        return taken;
      }
      if (free <= 0 && state.flying === 0) break;
      waited = await this.#change(signal);
    }
    this.#asked(seat, key);
    return 0;
  }

  #asked(seat: Seat, key: string): void {
    seat.ahead.delete(key);
    this.#changed();
  }

  /** Surfaces whose first try on an account comes before the next one of this surface. */
  #before(seat: Seat, key: string): number {
    const again = !seat.ahead.has(key);
    const others = [...this.#seats].filter((other) => other !== seat && other.ahead.has(key));
    return others.filter((other) => again || rankOf(other) < rankOf(seat)).length;
  }

  /**
   * One more wrong try on an account that a login of was just taken: only where another one is left for other surfaces, or
   * none of them is there. Waits while tries are under way.
   */
  async takeSpare(seat: Seat, account: string, signal: AbortSignal): Promise<boolean> {
    const state = this.#of(keyOf(account));
    for (;;) {
      if (state.shut || signal.aborted) return false;
      const free = this.#limit - state.spent - state.flying;
      const alone = this.#seats.size === 1 && this.#seats.has(seat);
      if (free > 1 || (free > 0 && alone)) {
        state.flying += 1;
        return true;
      }
      if (state.flying === 0) return false;
      await this.#change(signal);
    }
  }

  /** Whether anything changed before a long time passed. */
  #change(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (changed: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        resolve(changed);
      };
      const stop = (): void => done(true);
      const timer = setTimeout(() => done(false), PATIENCE);
      // Every lane of a surface waits on its one signal: that is no leak.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', stop, { once: true });
      this.#wake.push(stop);
    });
  }

  /** What came of tries that were taken: `wrong` of them count, the others are given back. */
  settle(account: string, taken: number, wrong: number): void {
    const state = this.#of(keyOf(account));
    state.flying -= taken;
    state.spent += wrong;
    this.#changed();
  }

  shut(account: string): void {
    this.#of(keyOf(account)).shut = true;
    this.#changed();
  }

  #changed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #of(key: string): Account {
    const known = this.#accounts.get(key) ?? { spent: 0, flying: 0, shut: false };
    this.#accounts.set(key, known);
    return known;
  }
}

/** By run (its facts) and host. */
const LEDGERS = new WeakMap<FactView, Map<string, Ledger>>();

export function ledgerOf(facts: FactView, host: string, limit: number): Ledger {
  const hosts = LEDGERS.get(facts) ?? new Map<string, Ledger>();
  LEDGERS.set(facts, hosts);
  const ledger = hosts.get(host) ?? new Ledger(limit);
  hosts.set(host, ledger);
  return ledger;
}
