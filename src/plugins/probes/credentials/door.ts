/** What a login surface looks like to those who try logins on it. */
import type { DataOf } from '../../../core/model/fact.ts';
import type { loginOpen, loginThrottling } from '../../../facts/index.ts';

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
  /** It asks for a password and for no name. */
  readonly nameless?: boolean;
  /** Why its refusals may show nothing, as where a script would have sent something else. */
  doubt?(): Promise<string | undefined>;
  /** Whether the service serves everybody without a login: what shows it. */
  open?(): Promise<string | undefined>;
  /**
   * Tries passwords of one account in order, until one is taken or the service stops; may judge fewer than given.
   * Throws FaultError where the service does not answer.
   */
  knock(account: string, passwords: readonly string[]): Promise<readonly Answer[]>;
}
