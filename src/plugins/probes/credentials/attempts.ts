/** How default logins are tried on any surface: controls, a budget for each account of a host, a stop at the first sign or proof; and what is told of it. */
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import { loginDefault, loginOpen, loginThrottling } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import { Campaign, passwordsOf, unguessable } from './campaign.ts';
import type { Answer, Door, LoginProtocol } from './door.ts';
import { type Ledger, ledgerOf, type Seat } from './ledger.ts';
import type { Pair } from './pairs.ts';

/**
 * Three wrong tries are what the strictest devices lock at, so a budget of up to three leaves the last one unspent;
 * a budget that the user raised is spent whole.
 */
export const allowedTries = (budget: number): number => (budget <= 3 ? Math.max(1, budget - 1) : budget);

/** Wrong tries on one account after which an unchanged answer means that nothing slows an attacker down. */
const ENOUGH_FOR_THROTTLING = 10;

/** Opens the door of one surface; what it does ends with the signal. */
export type Opener = (signal: AbortSignal) => Door | Promise<Door>;

export interface Surface {
  readonly protocol: LoginProtocol;
  readonly host: string;
}

/** Milliseconds in which all surfaces of a host take their seats, before the first try is given out. */
const SEATING = 5;

/** Runs the controls and the pairs on a surface and tells what was found. */
export async function tryDefaults(
  { protocol, host }: Surface,
  open: Opener,
  pairs: readonly Pair[],
  context: ProbeContext,
): Promise<void> {
  const ledger = ledgerOf(context.facts, host, allowedTries(context.settings.credentialTries));
  const seat = ledger.join(protocol, passwordsOf(pairs));
  try {
    await new Promise((resolve) => setTimeout(resolve, SEATING));
    await lookIn(protocol, open, pairs, { context, ledger, seat });
  } finally {
    ledger.leave(seat);
  }
}

interface Around {
  readonly context: ProbeContext;
  readonly ledger: Ledger;
  readonly seat: Seat;
}

async function lookIn(protocol: LoginProtocol, open: Opener, pairs: readonly Pair[], around: Around): Promise<void> {
  const { context, ledger, seat } = around;
  const lasting = await open(context.signal);
  const anonymous = await lasting.open?.();
  if (anonymous !== undefined) {
    const { state } = context.settings;
    context.emit(loginOpen, { protocol, open: true, how: 'no-credentials', state }, { where: anonymous });
    return;
  }
  const drop = new AbortController();
  const limit = lasting.unlimited === true ? pairs.length : allowedTries(context.settings.credentialTries);
  const door = await open(AbortSignal.any([context.signal, drop.signal]));
  const campaign = new Campaign({
    door,
    context,
    pairs,
    limit,
    ledger,
    seat,
    drop,
    control: control(lasting),
    takesAnything: (account, wrong) => takesAnything(lasting, account, wrong, around),
  });
  await campaign.run();
  if (campaign.open !== undefined) {
    tellOpen(protocol, campaign.open, context);
    return;
  }
  const { found } = campaign;
  const anything = await campaign.anything;
  const doubt = found === undefined ? await lasting.doubt?.() : undefined;
  if (doubt !== undefined) tellDoubt(protocol, doubt, campaign, context);
  else if (found !== undefined && anything === true) tellOpen(protocol, found.answer, context);
  else tellDefault({ protocol, campaign, pairs, door: lasting, controlled: anything }, around);
}

/** Refusals of what the device's own page would have sent otherwise show nothing; a sign of a lock-out is one all the same. */
function tellDoubt(protocol: LoginProtocol, doubt: string, campaign: Campaign, context: ProbeContext): void {
  const message = `${campaign.tried} logins were refused, which may show nothing: ${doubt}`;
  const throttling = campaign.signal === undefined ? [loginThrottling] : [];
  context.gap({ kind: 'unsupported', message }, { facts: [loginDefault, loginOpen, ...throttling] });
  if (campaign.signal !== undefined) tellThrottling(protocol, campaign, context);
}

/** A random account with a random password, which must be refused. */
async function control(door: Door): Promise<Answer> {
  const [answer] = await door.knock(unguessable(), [unguessable()]).catch((thrown: unknown): readonly Answer[] => {
    // Shut out before the first try, by what other probes asked: that is an answer, too.
    if (faultOf(thrown).kind === 'locked-out') return [{ outcome: 'locked', milliseconds: 0 }];
    throw thrown;
  });
  if (answer === undefined) throw new FaultError('closed', 'a random login was not answered');
  return answer;
}

/**
 * A known account that takes a random password, too, has no default login: it is open. A password of it that was refused
 * shows that it does not; undefined where the host's budget for the account allows no further wrong try.
 */
async function takesAnything(
  door: Door,
  account: string,
  wrong: number,
  { context, ledger, seat }: Around,
): Promise<boolean | undefined> {
  if (door.unlimited === true || wrong > 0) return false;
  if (!(await ledger.takeSpare(seat, account, context.signal))) return undefined;
  const answers = await door.knock(account, [unguessable()]).catch((thrown: unknown): readonly Answer[] => {
    const { kind } = faultOf(thrown);
    if (kind === 'bug' || kind === 'stopped') throw thrown;
    return [];
  });
  const accepted = answers[0]?.outcome === 'accepted';
  ledger.settle(account, 1, accepted ? 0 : 1);
  return answers.length === 0 ? undefined : accepted;
}

function tellOpen(protocol: LoginProtocol, answer: Answer, context: ProbeContext): void {
  const { state } = context.settings;
  const where = `a random login was taken${answer.proof === undefined ? '' : `: ${answer.proof}`}`;
  context.emit(loginOpen, { protocol, open: true, how: 'any-credentials', state }, { where: where.slice(0, 160) });
}

interface Ended {
  readonly protocol: LoginProtocol;
  readonly campaign: Campaign;
  readonly pairs: readonly Pair[];
  readonly door: Door;
  /** False: the account refused another password. Undefined: that was not tried. */
  readonly controlled: boolean | undefined;
}

function tellDefault(ended: Ended, around: Around): void {
  const { protocol, campaign, pairs, door, controlled } = ended;
  const { context, ledger } = around;
  const { found, tried } = campaign;
  const { state } = context.settings;
  const exhausted = tried >= pairs.length;
  const untold = found !== undefined && controlled === undefined ? '; no other password was tried on it' : '';
  context.emit(
    loginDefault,
    {
      protocol,
      accepted: found !== undefined,
      tried,
      exhausted,
      state,
      forcedChange: found?.answer.forcedChange ?? 'unknown',
      ...(found === undefined
        ? {}
        : {
            account: door.nameless === true ? '' : found.pair.account,
            password: found.pair.password,
            proof: found.answer.proof ?? 'taken',
          }),
    },
    { where: `${tried} of ${pairs.length} known pairs tried${untold}` },
  );
  if (found !== undefined && state !== 'initialised') {
    const message = 'a default login is taken; whether one in use takes it too was not tried';
    context.gap({ kind: 'not-given', flag: '--state initialised', message }, { facts: [loginDefault] });
  }
  if (found === undefined && !exhausted) tellUntried(ended, context, ledger);
  context.emit(loginOpen, { protocol, open: false, how: 'closed', state });
  if (door.unlimited !== true) tellThrottling(protocol, campaign, context);
}

function tellUntried({ campaign, pairs }: Ended, context: ProbeContext, ledger: Ledger): void {
  const some = `${campaign.tried} of ${pairs.length} known pairs were tried`;
  if (campaign.signal !== undefined) {
    const message = `${some}, then a sign of ${campaign.signal.kind} ended it`;
    context.gap({ kind: 'locked-out', message }, { facts: [loginDefault] });
    return;
  }
  const flag = `--credential-tries ${ledger.needed}`;
  const message = `${some} within the budget that an account has on all services of the host together`;
  context.gap({ kind: 'not-given', flag, message }, { facts: [loginDefault] });
}

function tellThrottling(protocol: LoginProtocol, campaign: Campaign, context: ProbeContext): void {
  if (campaign.signal !== undefined) {
    const { kind, after } = campaign.signal;
    context.emit(loginThrottling, { protocol, throttled: true, signal: kind, after });
  } else if (campaign.found === undefined && campaign.mostOnOne >= ENOUGH_FOR_THROTTLING) {
    context.emit(loginThrottling, { protocol, throttled: false, signal: 'none', after: campaign.wrong });
  } else {
    const flag = `--credential-tries ${ENOUGH_FOR_THROTTLING}`;
    const message =
      campaign.found === undefined
        ? 'too few wrong logins were made on one account to tell whether they are slowed down'
        : 'a default login was taken first; whether wrong ones are slowed down was not tried';
    context.gap({ kind: 'not-given', flag, message }, { facts: [loginThrottling] });
  }
}
