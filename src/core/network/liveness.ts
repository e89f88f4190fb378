/** Notices that a host which answered has stopped: further connections fail at once instead of one timeout each. */
import { FaultError } from '../../lib/fault.ts';

/** Connects in a row without any answer after which a host counts as gone, and milliseconds between tries to reach it again. */
const SILENT = 8;
const AGAIN = 10_000;

interface State {
  answered: boolean;
  silent: number;
  tried: number;
}

export class Liveness {
  readonly #hosts = new Map<string, State>();
  readonly #now: () => number;
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A connection, a refusal or a close is an answer; a timeout is none. */
  note(host: string, answered: boolean): void {
    const state = this.#of(host);
    state.answered ||= answered;
    state.silent = answered ? 0 : state.silent + 1;
    state.tried = this.#now();
  }

  /** Throws FaultError `unreachable` for a host that is gone, but lets one try through now and then. */
  admit(host: string): void {
    const state = this.#of(host);
    if (!state.answered || state.silent < SILENT) return;
    if (this.#now() - state.tried >= AGAIN) {
      state.tried = this.#now();
      return;
    }
    throw new FaultError('unreachable', `${host} answered at first and has stopped answering`);
  }

  #of(host: string): State {
    const state = this.#hosts.get(host) ?? { answered: false, silent: 0, tried: 0 };
    this.#hosts.set(host, state);
    return state;
  }
}
