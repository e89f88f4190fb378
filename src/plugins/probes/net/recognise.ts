/** Finds out what a port speaks: listens first, then asks; what waits is waited for side by side. */
import type { Duplex } from 'node:stream';
import { StreamReader } from '../../../codecs/protocols/stream-reader.ts';
import { greet } from '../../../codecs/protocols/tls-flight.ts';
import { clientHello, usualExtensions } from '../../../codecs/protocols/tls-hello.ts';
import { CLASSIC_SUITES } from '../../../codecs/protocols/tls-suites.ts';
import { VERSIONS } from '../../../codecs/protocols/tls-wire.ts';
import { hostInUrl } from '../../../core/model/target.ts';
import { FaultError } from '../../../lib/fault.ts';
import { spokenFirst, toldFirst } from './banner.ts';
import { FURTHER_QUESTIONS } from './further-questions.ts';
import { QUESTIONS, type Question, type Told } from './questions.ts';

export interface Recognised {
  readonly protocol:
    | 'ssh'
    | 'ftp'
    | 'smtp'
    | 'pop3'
    | 'imap'
    | 'vnc'
    | 'telnet'
    | 'shell'
    | 'http'
    | 'coap'
    | 'tls'
    | 'mysql'
    | 'mpd'
    | 'echo'
    | 'chargen'
    | Question['protocol'];
  /** What was said, as received. */
  readonly said: Buffer;
  readonly told?: Told;
}

export interface Unrecognised {
  readonly protocol: undefined;
  readonly said: Buffer;
  /** The peer closed each connection at once. */
  readonly closes: boolean;
}

export interface Door {
  readonly host: string;
  readonly port: number;
  /** Whether connections are inside TLS already: TLS is not asked for again. */
  readonly secure: boolean;
  open(): Promise<Duplex>;
}

/** Milliseconds: for a banner, of silence before TLS and HTTP are asked beside the wait (a shorter hush asks slow servers of
 * other protocols, and some count that as failed logins), for TLS once HTTP was answered, for what the port's number
 * suggests, for an answer, for one to the first lot of further questions before the second is asked beside it. */
const WAIT = { banner: 1100, hush: 150, moment: 300, quick: 1200, answer: 4000, question: 2500, lot: 700 };
/** Ports of printers: whatever is sent there is printed. */
const PRINTERS = { first: 9100, last: 9107 };

/** Inside TLS: mail, news, directories, FTP and Telnet; a request of HTTP counts there as wrong commands. */
const NO_WEB: readonly number[] = [465, 563, 636, 853, 990, 992, 993, 995, 5061];
const TLS_PORTS: readonly number[] = [...NO_WEB, 5986, 8883];
/** Whoever moves a web server out of the way writes 443 at the end: 4443, 8443, 10443. */
const isTlsPort = (port: number): boolean => port % 1000 === 443 || TLS_PORTS.includes(port);
const isWeb = (port: number): boolean =>
  [80, 81, 88, 5000, 7547, 49152].includes(port) || (port >= 8000 && port < 9000);

/** Where servers speak first, they are waited for: TigerVNC shuts out who hangs up five times, and questions make them do so. */
const speaksFirst = (port: number): boolean =>
  [21, 22, 23, 25, 110, 143, 465, 990, 992, 993, 995].includes(port) || (port >= 5900 && port <= 5910);

export async function recognise(door: Door): Promise<Recognised | Unrecognised> {
  const hinted = await askExpected(door);
  if (hinted !== undefined) return hinted;
  if (door.port >= PRINTERS.first && door.port <= PRINTERS.last) return listenOnly(door);
  const seen = await listenThenAsk(door);
  if (seen.protocol !== undefined) return seen;
  return (await askFurther(door)) ?? seen;
}

/** Lot by lot, two at a time, for small devices have few sockets; an earlier lot's answer counts before a later one's. */
async function askFurther(door: Door): Promise<Recognised | undefined> {
  const lots: Promise<Recognised | undefined>[] = [];
  for (const questions of FURTHER_QUESTIONS) {
    lots.push(firstOf(questions.map((question) => ask(door, question))));
    const known = await Promise.race([firstOf(lots), lots.at(-2) ?? later(WAIT.lot)]);
    if (known !== undefined) break;
  }
  for (const lot of lots) {
    const known = await lot;
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The protocol that the port's number suggests, without waiting for a banner. */
async function askExpected(door: Door): Promise<Recognised | undefined> {
  if (!door.secure && isTlsPort(door.port)) return asksTls(door);
  const question = [...QUESTIONS, ...FURTHER_QUESTIONS.flat()].find(({ protocol }) => protocol === EXPECTED[door.port]);
  if (question !== undefined) return ask(door, question);
  // Inside TLS, HTTP is what most speak; a server that speaks first is heard all the same.
  if (!isWeb(door.port) && (!door.secure || NO_WEB.includes(door.port))) return undefined;
  const answer = await askHttpAnew(door, WAIT.quick);
  return answer === undefined ? undefined : notTlsAfterAll(door, answer);
}

const EXPECTED: { readonly [port: number]: Question['protocol'] } = {
  53: 'dns',
  111: 'rpcbind',
  389: 'ldap',
  445: 'smb',
  502: 'modbus',
  554: 'rtsp',
  1883: 'mqtt',
  3389: 'rdp',
  3478: 'stun',
  5060: 'sip',
  5432: 'postgresql',
  5555: 'adb',
  5672: 'amqp',
  6379: 'redis',
  8554: 'rtsp',
  8883: 'mqtt',
  11211: 'memcached',
};

async function listenOnly(door: Door): Promise<Recognised | Unrecognised> {
  const stream = await door.open();
  try {
    const reader = new StreamReader(stream, { buffered: 65_536, lifetime: WAIT.answer });
    const said = await reader.burst(WAIT.banner, 60, 4096);
    const spoken = spokenFirst(said);
    return spoken === undefined || spoken === 'greeting' || spoken === 'rtsp'
      ? { protocol: undefined, said, closes: reader.finished }
      : { protocol: spoken, said };
  } finally {
    stream.destroy();
  }
}

async function listenThenAsk(door: Door): Promise<Recognised | Unrecognised> {
  const stream = await door.open();
  try {
    const reader = new StreamReader(stream, { buffered: 65_536, lifetime: 12_000 });
    const early = await reader.burst(speaksFirst(door.port) ? WAIT.banner : WAIT.hush, 60, 4096);
    if (early.length > 0) return await heard(door, stream, reader, early);
    if (reader.finished) return (await askTlsThenOthers(door)) ?? { protocol: undefined, said: early, closes: true };
    return await askBeside(door, stream, reader);
  } finally {
    stream.destroy();
  }
}

async function heard(
  door: Door,
  stream: Duplex,
  reader: StreamReader,
  said: Buffer,
): Promise<Recognised | Unrecognised> {
  const known = (await settle(stream, reader, said)) ?? (await askTlsThenOthers(door));
  return known ?? { protocol: undefined, said, closes: false };
}

/**
 * Most that keep silent for a moment wait for the client to speak: TLS and HTTP are asked on connections of their own
 * beside the wait for a banner. A server that takes one client at a time is asked on the first connection once that wait
 * is over; all else is asked then, or as soon as neither was understood.
 */
async function askBeside(door: Door, stream: Duplex, reader: StreamReader): Promise<Recognised | Unrecognised> {
  const tls = door.secure ? Promise.resolve(undefined) : asksTls(door);
  const http = askHttpAnew(door, WAIT.answer);
  let waiting = true;
  const banner = reader.burst(WAIT.banner - WAIT.hush, 60, 4096).then((said) => {
    waiting = false;
    return said.length > 0 ? said : undefined;
  });
  const first = await Promise.race([firstOf([tls, http]), banner]);
  if (Buffer.isBuffer(first)) return heard(door, stream, reader, first);
  if (first !== undefined) return notTlsAfterAll(door, first, tls);
  const again = waiting || reader.finished ? [] : [askHttp(door, stream, reader, WAIT.answer)];
  const known = await askOthers(door, [tls, http, ...again]);
  if (known !== undefined) return notTlsAfterAll(door, known, tls);
  const late = await banner;
  const settled = late === undefined ? undefined : await settle(stream, reader, late);
  if (settled !== undefined) return settled;
  const nothing = { protocol: undefined, said: late ?? (await reader.burst(0, 0, 256)), closes: reader.finished };
  return nothing.said.length > 0 || nothing.closes ? nothing : ((await askAlone(door, stream)) ?? nothing);
}

/** What serves one client at a time and says nothing to others, such as gdbserver: asked once every connection is closed. */
async function askAlone(door: Door, stream: Duplex): Promise<Recognised | undefined> {
  stream.destroy();
  for (const question of QUESTIONS.filter(({ alone }) => alone === true)) {
    const known = await ask(door, question);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** A first word that FTP and SMTP share, or a prompt that may be a shell's, is settled by one more line. */
async function settle(stream: Duplex, reader: StreamReader, said: Buffer): Promise<Recognised | undefined> {
  const spoken = spokenFirst(said);
  if (spoken === 'greeting') {
    stream.write('EHLO assay.invalid\r\n');
    const reply = await reader.burst(WAIT.answer, 60, 1024);
    return { protocol: reply.subarray(0, 3).toString('latin1') === '250' ? 'smtp' : 'ftp', said };
  }
  if (spoken === 'shell') {
    // A message of the day may end in # too: a shell shows its prompt again after an empty line.
    stream.write('\n');
    const again = await reader.burst(WAIT.question, 100, 1024);
    return spokenFirst(again) === 'shell' ? { protocol: 'shell', said } : undefined;
  }
  if (spoken === undefined || spoken === 'rtsp') return undefined;
  const told = toldFirst(spoken, said);
  return { protocol: spoken, said, ...(told === undefined ? {} : { told }) };
}

async function askHttpAnew(door: Door, timeout: number): Promise<Recognised | undefined> {
  const stream = await reopened(door);
  if (stream === undefined) return undefined;
  try {
    const reader = new StreamReader(stream, { buffered: 65_536, lifetime: timeout });
    return await askHttp(door, stream, reader, timeout);
  } finally {
    stream.destroy();
  }
}

async function askHttp(
  door: Door,
  stream: Duplex,
  reader: StreamReader,
  timeout: number,
): Promise<Recognised | undefined> {
  stream.write(
    `GET / HTTP/1.1\r\nHost: ${hostInUrl(door.host)}:${door.port}\r\nUser-Agent: assay\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  );
  const said = await reader.burst(timeout, 30, 4096);
  const text = said.subarray(0, 64).toString('latin1');
  if (/^(HTTP\/\d|ICY \d{3})/.test(text) || /^\s*<(!doctype|html|head|body)/i.test(text))
    return { protocol: 'http', said };
  if (text.startsWith('GET / HTTP/1.1\r\n')) return { protocol: 'echo', said, told: { inClear: true } };
  const spoken = spokenFirst(said);
  if (spoken === 'rtsp') return { protocol: 'rtsp', said };
  // A slow server's banner: what it says is no answer to the request.
  return spoken === undefined || spoken === 'greeting' || spoken === 'shell' ? undefined : { protocol: spoken, said };
}

/**
 * Servers inside TLS answer plain HTTP with a 400 in clear, or a redirect: TLS is what they speak. Where both were asked,
 * TLS has a moment to answer, too; a plain server may well wait for the end of what it takes for a request line.
 */
async function notTlsAfterAll(
  door: Door,
  answer: Recognised,
  tls?: Promise<Recognised | undefined>,
): Promise<Recognised> {
  if (door.secure || answer.protocol !== 'http') return answer;
  const status = /^HTTP\/\d\.\d (\d{3})/.exec(answer.said.subarray(0, 16).toString('latin1'))?.[1];
  if (status === '400') return (await (tls ?? asksTls(door))) ?? answer;
  if (tls === undefined) return answer;
  return (await Promise.race([tls, later(WAIT.moment)])) ?? answer;
}

const later = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));

/** For a peer that answers at once: TLS alone first, then everything side by side. */
async function askTlsThenOthers(door: Door): Promise<Recognised | undefined> {
  return (door.secure ? undefined : await asksTls(door)) ?? (await askOthers(door, []));
}

function askOthers(door: Door, pending: readonly Promise<Recognised | undefined>[]): Promise<Recognised | undefined> {
  const questions = QUESTIONS.filter(({ ports }) => ports === undefined || ports.includes(door.port));
  return firstOf([...pending, ...questions.map((question) => ask(door, question))]);
}

/** The first that recognises something; undefined when none does. */
function firstOf(tries: readonly Promise<Recognised | undefined>[]): Promise<Recognised | undefined> {
  return new Promise((resolve, reject) => {
    let left = tries.length;
    for (const one of tries) {
      one.then((answer) => {
        left -= 1;
        if (answer !== undefined || left === 0) resolve(answer);
      }, reject);
    }
  });
}

async function ask(door: Door, question: Question): Promise<Recognised | undefined> {
  const stream = await reopened(door);
  if (stream === undefined) return undefined;
  try {
    const reader = new StreamReader(stream, { buffered: 65_536, lifetime: WAIT.question });
    stream.write(question.bytes);
    const said = await reader.burst(WAIT.question, question.quiet ?? 30, 4096);
    // An echo of the question, or of its beginning, answers nothing.
    const same = Math.min(said.length, question.bytes.length);
    if (said.subarray(0, same).equals(question.bytes.subarray(0, same)) || !question.answers(said)) return undefined;
    const told = question.tells?.(said);
    return { protocol: question.protocol, said, ...(told === undefined ? {} : { told }) };
  } finally {
    stream.destroy();
  }
}

/** What servers take by the client's order and then cannot do (dovecot without DH parameters hangs up at DHE) comes last. */
const isElliptic = (code: number): boolean => code >= 0xc000;
const isOld = (code: number): boolean => code < 0xa0;

/** A record of TLS in answer to a hello, an alert included, is TLS. */
async function asksTls(door: Door): Promise<Recognised | undefined> {
  const stream = await reopened(door);
  if (stream === undefined) return undefined;
  try {
    const version = VERSIONS['TLSv1.2'];
    const suites = [0x1301, 0x1302, 0x1303, ...CLASSIC_SUITES.filter(isElliptic), ...CLASSIC_SUITES.filter(isOld)];
    const hello = clientHello({ version, suites, extensions: usualExtensions(version, door.host) });
    const flight = await greet(stream, hello, { until: 'hello', timeout: WAIT.answer });
    const known = flight.hello !== undefined || flight.alert !== undefined;
    return known ? { protocol: 'tls', said: Buffer.alloc(0) } : undefined;
  } finally {
    stream.destroy();
  }
}

/** A further connection to a port that was open: one that is refused or slow now leaves its question unanswered. */
async function reopened(door: Door): Promise<Duplex | undefined> {
  try {
    return await door.open();
  } catch (thrown) {
    if (thrown instanceof FaultError && thrown.fault.kind !== 'stopped') return undefined;
    throw thrown;
  }
}
