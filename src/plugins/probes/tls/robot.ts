/** Tells whether a server answers differently to different faults in the RSA padding: Bleichenbacher's oracle (ROBOT, CVE-2017-13099 and others). */

import { constants, publicEncrypt } from 'node:crypto';
import { readCertificate } from '../../../codecs/formats/x509.ts';
import type { TlsRecord } from '../../../codecs/protocols/tls-flight.ts';
import { handshake, record } from '../../../codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../codecs/protocols/tls-suites.ts';
import { alertName, u16, VERSIONS, vector16 } from '../../../codecs/protocols/tls-wire.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { chance } from '../../../lib/chance.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Opened, withOpened } from './opened.ts';
import { vulnerabilityProbe } from './vulnerability.ts';

export const tlsRobot = vulnerabilityProbe('robot', "ROBOT (Bleichenbacher's oracle)", async (at, context) => {
  for (const flow of FLOWS) {
    const answers = await round(at, context, flow);
    if (answers === undefined) return { vulnerable: false, how: 'no RSA key exchange is taken' };
    if (flow.whole && answers.every((answer) => answer === SILENCE))
      throw new FaultError('unrecognised', 'false key exchanges were not answered at all');
    if (new Set(answers).size === 1) continue;
    const again = await round(at, context, flow);
    if (again === undefined || answers.some((answer, index) => answer !== again[index]))
      throw new FaultError('unrecognised', 'the same false key exchange was not answered alike twice');
    const how = FAULTS.map(({ name }, index) => `${name}: ${answers[index]}`).join('; ');
    return { vulnerable: true, how: how.slice(0, 400) };
  }
  return { vulnerable: false, how: `${FAULTS.length} kinds of padding were answered alike` };
});

/** Some servers betray themselves only while they wait for the rest: both ways are tried. */
interface Flow {
  /** With ChangeCipherSpec and a Finished that can not be read. */
  readonly whole: boolean;
  readonly wait: number;
}
const FLOWS: readonly Flow[] = [
  { whole: true, wait: 5000 },
  { whole: false, wait: 1000 },
];
const SILENCE = 'nothing';

interface Parts {
  readonly version: number;
  /** Random, without a zero byte: what fills a block, and the secret after its version. */
  readonly padding: Buffer;
  readonly secret: Buffer;
}

/** The block before encryption, without its two first bytes where `start` gives them. RFC 8017 §7.2.1, RFC 5246 §7.4.7.1. */
const FAULTS: readonly { readonly name: string; readonly start?: readonly number[]; block(parts: Parts): Buffer }[] = [
  {
    name: 'sound',
    block: ({ version, padding, secret }) => Buffer.concat([padding, Buffer.from([0]), u16(version), secret]),
  },
  {
    name: 'wrong first bytes',
    start: [0x41, 0x17],
    block: ({ version, padding, secret }) => Buffer.concat([padding, Buffer.from([0]), u16(version), secret]),
  },
  {
    name: 'secret too short',
    block: ({ padding, secret }) => Buffer.concat([padding, Buffer.from([0x11, 0, 0x11]), secret]),
  },
  { name: 'no end of padding', block: ({ padding, secret }) => Buffer.concat([padding, Buffer.from('111'), secret]) },
  {
    name: 'wrong version',
    block: ({ padding, secret }) => Buffer.concat([padding, Buffer.from([0, 2, 2]), secret]),
  },
];

const nonZero = (count: number): Buffer => Buffer.from(chance(count, 'padding of RSA').map((byte) => byte || 1));
const isStaticRsa = (code: number): boolean => {
  const { keyExchange, weaknesses } = suiteOf(code);
  return keyExchange === 'RSA' && !weaknesses.includes('export');
};

/** The answers to all faults, in their order; undefined where no such suite is taken. */
async function round(
  at: SubjectOf<'endpoint'>,
  context: ProbeContext,
  flow: Flow,
): Promise<readonly string[] | undefined> {
  const answers = await Promise.all(
    FAULTS.map((fault) => withOpened(at, context, { suites: isStaticRsa }, (opened) => answerTo(opened, fault, flow))),
  );
  return answers.every((answer) => answer !== undefined) ? answers : undefined;
}

async function answerTo(opened: Opened, fault: (typeof FAULTS)[number], flow: Flow): Promise<string> {
  const { stream, version, certificates } = opened;
  const [leaf] = certificates;
  if (leaf === undefined) throw new FaultError('truncated', 'no certificate came');
  const { x509, keyBits, keyType } = readCertificate(leaf);
  if (keyType !== 'RSA' || keyBits < 512) throw new FaultError('unsupported', 'the key is none of RSA');
  const size = Math.ceil(keyBits / 8);
  const parts = { version: wireVersion(version), padding: nonZero(size - 51), secret: nonZero(46) };
  // A block must be less than the modulus: where that does not fill its first byte, the block may not either.
  const start = fault.start === undefined ? [0, 2] : keyBits % 8 === 0 ? fault.start : [0, 0x17];
  const block = Buffer.concat([Buffer.from(start), fault.block(parts)]);
  const sealed = publicEncrypt({ key: x509.publicKey, padding: constants.RSA_NO_PADDING }, block);
  const rest = flow.whole ? [record(20, version, Buffer.from([1])), record(22, version, Buffer.alloc(64, 0x5a))] : [];
  stream.write(Buffer.concat([record(22, version, handshake(16, vector16(sealed))), ...rest]));
  return told(opened, flow.wait);
}

const wireVersion = (version: number): number => Math.min(version, VERSIONS['TLSv1.2']);

/** Reset and close are one: which of them comes depends on what was still unread. */
async function told({ next }: Opened, wait: number): Promise<string> {
  const words: string[] = [];
  while (words.length < 4) {
    const answer = await next(words.length === 0 ? wait : 300);
    if (answer === undefined || (answer === 'closed' && words.length > 0)) break;
    words.push(answer === 'closed' ? answer : wordOf(answer));
    if (answer === 'closed') break;
  }
  return words.length === 0 ? SILENCE : words.join(', ');
}

const wordOf = ({ type, body }: TlsRecord): string =>
  type === 21 ? alertName(body[1] ?? 0) : `a record of type ${type}`;
