/** Finds UDP services by asking in their own protocols: silence is all that other datagrams would get. */
import {
  datagramProtocols,
  type Greeting,
  type ProtocolQuestion,
} from '../../../codecs/protocols/datagram-services.ts';
import { askDatagrams } from '../../../codecs/protocols/datagrams.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netPort, netService, netSweep } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

/** Listed ports that are asked in every protocol; longer lists are asked at the protocols' own ports only. */
const MOST_LISTED = 256;
const SIDE_BY_SIDE = 8;

interface Plan {
  readonly questions: readonly { readonly port: number; readonly ask: readonly ProtocolQuestion[] }[];
  /** Every protocol is asked at its own port. */
  readonly complete: boolean;
}

export const netUdp: Probe = {
  id: 'net/udp',
  title: 'UDP services by protocol-aware questions',
  method: 'TEST',
  intrusion: 'safe',
  finds: 'udp',
  consumes: [],
  produces: [netPort, netService, netSweep],
  subjects: () => [],
  async observe({ host }, context) {
    const plan = planOf(context.settings.ports);
    const tally = { open: 0, closed: 0, silent: 0, failed: 0 };
    const queue = [...plan.questions];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const state = await lookAt(host, next.port, next.ask, context);
        tally[state] += 1;
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    conclude(host, plan, tally, context);
  },
};

function conclude(
  host: string,
  plan: Plan,
  { open, closed, silent, failed }: { open: number; closed: number; silent: number; failed: number },
  context: ProbeContext,
): void {
  const ports = plan.questions.map(({ port }) => port).join(',');
  const complete = plan.complete && failed === 0;
  const subject = { kind: 'host', host } as const;
  const where = 'UDP is complete when every question that assay has was asked';
  context.emit(netSweep, { transport: 'udp', ports, open, closed, silent, complete }, { subject, where });
  if (plan.complete) return;
  const message = 'UDP services were asked on the listed ports only';
  const scope = { kind: 'ports', host, transport: 'udp', ports: 'others' } as const;
  context.gap({ kind: 'not-given', flag: '--ports all', message }, { scope, area: 'udp' });
}

/** `default` and `all` ask every protocol at its own port; a list asks every protocol at every port of it. */
function planOf(ports: string): Plan {
  const protocols = datagramProtocols();
  const own = protocols.map((one) => ({ port: one.port, ask: [one] }));
  if (ports === 'default' || ports === 'all') return { questions: own, complete: true };
  const listed = portsOf(ports);
  if (listed.length > MOST_LISTED) {
    const inside = own.filter(({ port }) => listed.includes(port));
    return { questions: inside, complete: inside.length === own.length };
  }
  const complete = own.every(({ port }) => listed.includes(port));
  return { questions: listed.map((port) => ({ port, ask: protocols })), complete };
}

function portsOf(list: string): readonly number[] {
  const ports = new Set<number>();
  for (const part of list.split(',')) {
    const [first, last = first] = part.split('-').map((text) => Number(text.trim()));
    if (first === undefined || last === undefined) continue;
    for (let port = first; port <= last && port <= 65_535; port += 1) if (port > 0) ports.add(port);
  }
  return [...ports];
}

type State = 'open' | 'closed' | 'silent' | 'failed';

/** Milliseconds: DTLS servers of OpenSSL and GnuTLS hang at any other datagram, so theirs comes first. */
const HEAD_START = 700;

/** Waits for the first of them, `milliseconds` at most. */
function firstWithin(milliseconds: number, works: readonly Promise<unknown>[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    for (const work of works) work.then(done, done);
  });
}

async function lookAt(
  host: string,
  port: number,
  questions: readonly ProtocolQuestion[],
  context: ProbeContext,
): Promise<State> {
  const subject = { kind: 'endpoint', host, port, transport: 'udp' } as const;
  const doors = new Doors();
  const connected = questions.filter((one) => !one.anyPort);
  const asked = (one: ProtocolQuestion): Promise<Found | State> => ask(subject, one, doors, context);
  const dtls = connected.filter(({ protocol }) => protocol === 'dtls').map(asked);
  if (dtls.length > 0 && dtls.length < connected.length) await firstWithin(HEAD_START, dtls);
  const others = connected.filter(({ protocol }) => protocol !== 'dtls').map(asked);
  let answers = await Promise.all([...dtls, ...others]);
  // A socket that is not connected hears of no closed port: it asks where nobody said that it is.
  if (!answers.includes('closed') && !doors.closed) {
    const anywhere = questions.filter((one) => one.anyPort);
    answers = [...answers, ...(await Promise.all(anywhere.map(asked)))];
  }
  doors.close();
  const found = answers.find((answer): answer is Found => typeof answer === 'object');
  if (found !== undefined) {
    tell(subject, found, context);
    return 'open';
  }
  if (answers.includes('failed')) return 'failed';
  return answers.includes('closed') ? 'closed' : 'silent';
}

interface Found {
  readonly protocol: ProtocolQuestion['protocol'];
  readonly greeting: Greeting;
}

/** The sockets of one port's questions: the first answer that is understood ends the others' wait. */
class Doors {
  readonly #open = new Set<DatagramPort>();
  closed = false;

  admit(door: DatagramPort): void {
    if (this.closed) door.close();
    else this.#open.add(door);
  }
  close(): void {
    this.closed = true;
    for (const door of this.#open) door.close();
  }
}

function tell(subject: SubjectOf<'endpoint'>, { protocol, greeting }: Found, { emit, keep }: ProbeContext): void {
  emit(netPort, { transport: 'udp', port: subject.port }, { subject });
  const evidence = [keep(greeting.bytes, 'application/octet-stream')];
  const { bytes: _, ...told } = greeting;
  emit(netService, { protocol, transport: 'udp', tls: protocol === 'dtls', ...told }, { subject, evidence });
}

async function ask(
  subject: SubjectOf<'endpoint'>,
  question: ProtocolQuestion,
  doors: Doors,
  { dial, signal, gap }: ProbeContext,
): Promise<Found | State> {
  try {
    const door = await dial.udp(subject.host, subject.port, { signal, anyPort: question.anyPort });
    doors.admit(door);
    let greeting: Greeting | undefined;
    const recognise = (bytes: Uint8Array): boolean => {
      greeting ??= question.recognise(bytes);
      return greeting !== undefined;
    };
    for (const bytes of question.questions(subject.host)) {
      // One try at a time: another question may have been answered meanwhile.
      for (let round = 0; round < 2 && !doors.closed; round += 1) {
        await askDatagrams(door, bytes, recognise, { tries: 1 });
        if (greeting === undefined) continue;
        doors.close();
        return { protocol: question.protocol, greeting };
      }
    }
    return 'silent';
  } catch (thrown) {
    if (doors.closed || (thrown instanceof FaultError && thrown.fault.kind === 'refused')) return 'closed';
    gap(faultOf(thrown), { scope: subject, area: 'udp' });
    return 'failed';
  }
}
