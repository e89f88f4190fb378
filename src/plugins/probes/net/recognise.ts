/** Finds out what a port speaks: listens first, then asks, one connection after the other while answers come. */
import type { Duplex } from 'node:stream';
import { StreamReader } from '../../../codecs/protocols/stream-reader.ts';
import { greet } from '../../../codecs/protocols/tls-flight.ts';
import { clientHello, usualExtensions } from '../../../codecs/protocols/tls-hello.ts';
import { CLASSIC_SUITES } from '../../../codecs/protocols/tls-suites.ts';
import { VERSIONS } from '../../../codecs/protocols/tls-wire.ts';
import { FaultError } from '../../../lib/fault.ts';
import { spokenFirst } from './banner.ts';
import { QUESTIONS, type Question } from './questions.ts';

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
    | 'tls'
    | Question['protocol'];
  /** What was said, as received. */
  readonly said: Buffer;
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

/** Milliseconds: for a banner, of silence before TLS is asked beside the wait, for HTTP before others are asked, for an answer. */
const WAIT = { banner: 1100, hush: 150, quick: 1200, answer: 4000, question: 2500 };
/** Ports of printers: whatever is sent there is printed. */
const PRINTERS = { first: 9100, last: 9107 };

const TLS_PORTS: readonly number[] = [443, 465, 563, 636, 853, 990, 992, 993, 995, 4443, 5061, 5986, 8443, 8883, 9443];
const isWeb = (port: number): boolean =>
  [80, 81, 88, 5000, 7547, 49152].includes(port) || (port >= 8000 && port < 9000);

export async function recognise(door: Door): Promise<Recognised | Unrecognised> {
  const hinted = await askExpected(door);
  if (hinted !== undefined) return hinted;
  return door.port >= PRINTERS.first && door.port <= PRINTERS.last ? listenOnly(door) : listenThenAsk(door);
}

/** The protocol that the port's number suggests, without waiting for a banner. */
async function askExpected(door: Door): Promise<Recognised | undefined> {
  if (!door.secure && TLS_PORTS.includes(door.port)) return asksTls(door);
  const question = QUESTIONS.find(({ protocol }) => protocol === EXPECTED[door.port]);
  if (question !== undefined) return ask(door, question);
  // Inside TLS, HTTP is what most speak; a server that speaks first is heard all the same.
  if (!isWeb(door.port) && !door.secure) return undefined;
  const stream = await door.open();
  try {
    const reader = new StreamReader(stream, { buffered: 65_536, lifetime: WAIT.quick });
    const answer = await askHttp(door, stream, reader, WAIT.quick);
    return answer === undefined ? undefined : await notTlsAfterAll(door, answer);
  } finally {
    stream.destroy();
  }
}

const EXPECTED: { readonly [port: number]: Question['protocol'] } = {
  53: 'dns',
  502: 'modbus',
  554: 'rtsp',
  1883: 'mqtt',
  5555: 'adb',
  8554: 'rtsp',
  8883: 'mqtt',
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
    const said = await listen(door, reader);
    if (!Buffer.isBuffer(said)) return said;
    if (said.length > 0) {
      const known = await settle(stream, reader, said);
      return known ?? (await askOthers(door, undefined)) ?? { protocol: undefined, said, closes: false };
    }
    if (reader.finished) return (await askOthers(door, undefined)) ?? { protocol: undefined, said, closes: true };
    const http = askHttp(door, stream, reader, WAIT.answer);
    const quick = await Promise.race([http, later(WAIT.quick)]);
    if (quick !== 'later' && quick !== undefined) return await notTlsAfterAll(door, quick);
    const known = await askOthers(door, quick === 'later' ? http : undefined);
    return known ?? { protocol: undefined, said: await reader.burst(0, 0, 256), closes: quick === undefined };
  } finally {
    stream.destroy();
  }
}

/** What comes first. Most that keep silent for a moment wait for a hello: TLS is asked beside the wait for a banner. */
async function listen(door: Door, reader: StreamReader): Promise<Buffer | Recognised> {
  const early = await reader.burst(WAIT.hush, 60, 4096);
  if (early.length > 0 || reader.finished) return early;
  const banner = reader.burst(WAIT.banner - WAIT.hush, 60, 4096);
  if (door.secure) return banner;
  return (await Promise.race([asksTls(door), banner])) ?? banner;
}

const later = (ms: number): Promise<'later'> => new Promise((resolve) => setTimeout(() => resolve('later'), ms));

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
  return spoken === undefined || spoken === 'rtsp' ? undefined : { protocol: spoken, said };
}

async function askHttp(
  door: Door,
  stream: Duplex,
  reader: StreamReader,
  timeout: number,
): Promise<Recognised | undefined> {
  const host = door.host.includes(':') ? `[${door.host}]` : door.host;
  stream.write(
    `GET / HTTP/1.1\r\nHost: ${host}:${door.port}\r\nUser-Agent: assay\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  );
  const said = await reader.burst(timeout, 30, 4096);
  const text = said.subarray(0, 64).toString('latin1');
  if (/^(HTTP\/\d|ICY \d{3})/.test(text) || /^\s*<(!doctype|html|head|body)/i.test(text))
    return { protocol: 'http', said };
  const spoken = spokenFirst(said);
  if (spoken === 'rtsp') return { protocol: 'rtsp', said };
  // A slow server's banner: what it says is no answer to the request.
  return spoken === undefined || spoken === 'greeting' || spoken === 'shell' ? undefined : { protocol: spoken, said };
}

/** Servers inside TLS answer plain HTTP with a 400 in clear; TLS is what they speak. */
async function notTlsAfterAll(door: Door, answer: Recognised): Promise<Recognised> {
  const status = /^HTTP\/\d\.\d (\d{3})/.exec(answer.said.subarray(0, 16).toString('latin1'))?.[1];
  if (door.secure || answer.protocol !== 'http' || status !== '400') return answer;
  return (await asksTls(door)) ?? answer;
}

/** TLS alone first while the peer answers at once; everything side by side where it is slow. */
async function askOthers(
  door: Door,
  http: Promise<Recognised | undefined> | undefined,
): Promise<Recognised | undefined> {
  const tls = door.secure ? Promise.resolve(undefined) : asksTls(door);
  if (http === undefined) {
    const secure = await tls;
    if (secure !== undefined) return secure;
  }
  const questions = QUESTIONS.filter(({ ports }) => ports === undefined || ports.includes(door.port));
  const asked = questions.map((question) => ask(door, question));
  return firstOf([tls, ...(http === undefined ? [] : [http]), ...asked]);
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
    const said = await reader.burst(WAIT.question, 30, 4096);
    return question.answers(said) ? { protocol: question.protocol, said } : undefined;
  } finally {
    stream.destroy();
  }
}

/** A record of TLS in answer to a hello, an alert included, is TLS. */
async function asksTls(door: Door): Promise<Recognised | undefined> {
  const stream = await reopened(door);
  if (stream === undefined) return undefined;
  try {
    const version = VERSIONS['TLSv1.2'];
    const suites = [0x1301, 0x1302, 0x1303, ...CLASSIC_SUITES.filter((code) => code >= 0xc000 || code < 0xa0)];
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
