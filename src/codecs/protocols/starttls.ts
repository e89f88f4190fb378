/** Asks a service in clear for TLS, up to the byte after which a handshake begins: FTP, SMTP, IMAP, POP3, LDAP, PostgreSQL. */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { FtpControl } from './ftp-control.ts';
import { EXTENDED_RESPONSE, ldapResult } from './ldap-result.ts';
import { printable, StreamReader } from './stream-reader.ts';

/** Milliseconds for a greeting or an answer; mail servers hold their greeting back. */
const PATIENCE = 8000;
const MOST_LINES = 100;

/** ExtendedRequest with the name 1.3.6.1.4.1.1466.20037 (RFC 4511 §4.14). */
const LDAP_START = Buffer.from('301d02010177188016312e332e362e312e342e312e313436362e3230303337', 'hex');
/** Busy and unavailable (RFC 4511 §4.14.1). */
const BUSY: readonly number[] = [51, 52];
const POSTGRES_SSL = Buffer.from('0000000804d2162f', 'hex');

type Upgrade = (stream: Duplex, reader: StreamReader) => Promise<void>;

const UPGRADES: { readonly [protocol: string]: Upgrade } = {
  async smtp(stream, reader) {
    await welcomed('greeting', reader);
    stream.write('EHLO assay.invalid\r\n');
    const text = await welcomed('EHLO', reader);
    if (!/\bstarttls\b/i.test(text)) throw new FaultError('unsupported', 'STARTTLS is not on offer');
    stream.write('STARTTLS\r\n');
    const { code, text: said } = await codeOf(reader);
    if (code !== 220)
      throw code >= 500 ? refusal('STARTTLS', `${code} ${said}`) : senseless('STARTTLS', `${code} ${said}`);
  },
  async imap(stream, reader) {
    await reader.line(PATIENCE, 4096);
    stream.write('assay STARTTLS\r\n');
    const answer = await lineThat(reader, (line) => line.startsWith('assay '));
    if (/^assay (no|bad)\b/i.test(answer)) throw refusal('STARTTLS', answer);
    if (!/^assay ok\b/i.test(answer)) throw senseless('STARTTLS', answer);
  },
  async pop3(stream, reader) {
    await reader.line(PATIENCE, 4096);
    stream.write('STLS\r\n');
    const answer = await reader.line(PATIENCE, 4096);
    if (answer.startsWith('-ERR')) throw refusal('STLS', answer);
    if (!answer.startsWith('+OK')) throw senseless('STLS', answer);
  },
  async ldap(stream, reader) {
    stream.write(LDAP_START);
    const answer = await reader.burst(PATIENCE, 60, 1024);
    if (answer.length === 0) throw new FaultError(reader.finished ? 'closed' : 'timeout', 'StartTLS was not answered');
    const code = ldapResult(answer, EXTENDED_RESPONSE);
    if (code === undefined) throw senseless('StartTLS', answer.toString('latin1'));
    if (BUSY.includes(code)) throw new FaultError('refused', `StartTLS is not to be had now (code ${code})`);
    if (code !== 0) throw refusal('StartTLS', `code ${code}`);
  },
  async postgresql(stream, reader) {
    stream.write(POSTGRES_SSL);
    const answer = await reader.read(1, PATIENCE);
    if (answer[0] === 0x4e) throw refusal('SSLRequest', 'N');
    if (answer[0] !== 0x53) throw senseless('SSLRequest', answer.toString('latin1'));
  },
};

/** Protocols that may take TLS in the middle of a session. */
export const UPGRADABLE: readonly string[] = ['ftp', ...Object.keys(UPGRADES)];

/** The next bytes on the stream are those of TLS. Throws FaultError `unsupported` where none is on offer. */
export async function startTls(stream: Duplex, protocol: string): Promise<void> {
  if (protocol === 'ftp') await askFtp(stream);
  else await UPGRADES[protocol]?.(stream, new StreamReader(stream, { buffered: 65_536, lifetime: 2 * PATIENCE }));
  stream.removeAllListeners('data');
}

async function askFtp(stream: Duplex): Promise<void> {
  const control = new FtpControl(stream);
  await control.reply();
  const { code, text } = await control.command('AUTH TLS');
  if (code === 234) return;
  // 5xx is for good (RFC 959 §4.2).
  throw new FaultError(code >= 500 ? 'unsupported' : 'refused', `AUTH TLS was answered ${code} ${text}`);
}

const refusal = (asked: string, said: string): FaultError =>
  new FaultError('unsupported', `${asked} was answered ${printable(Buffer.from(said, 'latin1'), 80)}`);
/** Neither yes nor no: whether TLS is on offer was not seen. */
const senseless = (asked: string, said: string): FaultError =>
  new FaultError('malformed', `${asked} was answered ${printable(Buffer.from(said, 'latin1'), 80)}`);

/** Who is turned away at the door was not told what is on offer inside. */
async function welcomed(what: string, reader: StreamReader): Promise<string> {
  const { code, text } = await codeOf(reader);
  if (code >= 500)
    throw new FaultError('refused', `${what}: ${printable(Buffer.from(`${code} ${text}`, 'latin1'), 80)}`);
  return text;
}

/** A reply of SMTP, of one line or more (RFC 5321 §4.2.1). */
async function codeOf(reader: StreamReader): Promise<{ readonly code: number; readonly text: string }> {
  const texts: string[] = [];
  const last = await lineThat(reader, (line) => {
    texts.push(line.slice(4));
    return !/^\d{3}-/.test(line);
  });
  const code = Number(/^\d{3}/.exec(last)?.[0]);
  if (Number.isNaN(code)) throw new FaultError('malformed', `no reply of SMTP: ${printable(Buffer.from(last), 60)}`);
  // 4xx is for now.
  if (code >= 400 && code < 500)
    throw new FaultError('refused', `the mail server says ${code} ${printable(texts.join(' '), 80)}`);
  return { code, text: texts.join('\n') };
}

async function lineThat(reader: StreamReader, ends: (line: string) => boolean): Promise<string> {
  for (let count = 0; count < MOST_LINES; count += 1) {
    const line = await reader.line(PATIENCE, 4096);
    if (ends(line)) return line;
  }
  throw new FaultError('over-budget', `an answer of more than ${MOST_LINES} lines`);
}
