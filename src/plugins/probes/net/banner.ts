/** Which protocol first bytes belong to. */
import { greetsInCoap } from '../../../codecs/protocols/coap-stream.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';

import type { Told } from './questions.ts';

export type Spoken =
  | 'ssh'
  | 'ftp'
  | 'smtp'
  | 'pop3'
  | 'imap'
  | 'vnc'
  | 'telnet'
  | 'shell'
  | 'http'
  | 'rtsp'
  | 'tls'
  | 'coap'
  | 'mysql'
  | 'mpd'
  | 'chargen'
  | 'greeting';

const IAC = 0xff;

const FIRST_WORDS: readonly (readonly [Spoken, RegExp])[] = [
  ['vnc', /^RFB \d{3}\.\d{3}\n/],
  ['pop3', /^\+OK[ \r]/],
  ['imap', /^\* (OK|PREAUTH|BYE)[ [\r]/],
  ['http', /^HTTP\/\d/],
  ['rtsp', /^RTSP\/\d/],
  ['mpd', /^OK MPD \d/],
  ['chargen', /^ !"#\$%&'\(\)\*\+,-/],
];

/** What a server that speaks first speaks; `greeting` is a 220 that FTP and SMTP share. */
export function spokenFirst(bytes: Buffer): Spoken | undefined {
  if (bytes.length === 0) return undefined;
  const text = bytes.subarray(0, 4096).toString('latin1');
  if (/^SSH-\d/.test(text) || /\nSSH-\d\.\d+-/.test(text)) return 'ssh';
  if (/^(220|421|530)[ -]/.test(text)) return greetingOf(text);
  const plain = FIRST_WORDS.find(([, words]) => words.test(text));
  if (plain !== undefined) return plain[0];
  if (isMysql(bytes)) return 'mysql';
  if (greetsInCoap(bytes)) return 'coap';
  if (negotiates(bytes)) return 'telnet';
  if (/(login|username|user name|password)\s*:\s*$/i.test(text.slice(-200))) return 'telnet';
  if (/(^|[\r\n])[^\r\n]{0,80}[#$] ?$/.test(text.slice(-120))) return 'shell';
  return undefined;
}

function greetingOf(text: string): Spoken {
  const line = printable(text, 200).toLowerCase();
  if (/smtp|mail|postfix|exim|sendmail/.test(line)) return 'smtp';
  return /ftp/.test(line) ? 'ftp' : 'greeting';
}

/** IAC and one of WILL, WONT, DO, DONT, then an option (RFC 854). */
function negotiates(bytes: Buffer): boolean {
  const at = bytes.indexOf(IAC);
  const verb = bytes[at + 1] ?? 0;
  return at >= 0 && at < 512 && verb >= 0xfb && verb <= 0xfe && at + 2 < bytes.length;
}

/** The first packet of a server: protocol 10 and a version that ends with zero, or the refusal of a host. */
function isMysql(bytes: Buffer): boolean {
  if (bytes.length < 12 || bytes[2] !== 0 || bytes[3] !== 0) return false;
  if (bytes[4] === 0xff) return bytes.subarray(7, 20).includes('Host ');
  const version = bytes.subarray(5, Math.max(5, bytes.indexOf(0, 5))).toString('latin1');
  return bytes[4] === 10 && /^\d[\x20-\x7e]{2,80}$/.test(version);
}

/** What first bytes tell beside the protocol. */
export function toldFirst(spoken: Spoken, bytes: Buffer): Told | undefined {
  if (spoken === 'mpd' || spoken === 'chargen') return { inClear: true };
  if (spoken !== 'mysql') return undefined;
  const end = bytes.indexOf(0, 5);
  const banner = printable(bytes.subarray(5, Math.max(5, end)), 80);
  // Thread id, 8 bytes of salt and a zero stand before the capabilities; 0x0800 is TLS.
  const seen = bytes[4] !== 0xff && bytes.length >= end + 16;
  return !seen || (bytes.readUInt16LE(end + 14) & 0x0800) !== 0
    ? { banner, unsettled: 'whether it takes any session outside TLS' }
    : { banner, inClear: true };
}
