/** Which protocol first bytes belong to. */
import { greetsInCoap } from '../../../codecs/protocols/coap-stream.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';

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
  | 'greeting';

const IAC = 0xff;

const FIRST_WORDS: readonly (readonly [Spoken, RegExp])[] = [
  ['vnc', /^RFB \d{3}\.\d{3}\n/],
  ['pop3', /^\+OK[ \r]/],
  ['imap', /^\* (OK|PREAUTH|BYE)[ [\r]/],
  ['http', /^HTTP\/\d/],
  ['rtsp', /^RTSP\/\d/],
];

/** What a server that speaks first speaks; `greeting` is a 220 that FTP and SMTP share. */
export function spokenFirst(bytes: Buffer): Spoken | undefined {
  if (bytes.length === 0) return undefined;
  const text = bytes.subarray(0, 4096).toString('latin1');
  if (/^SSH-\d/.test(text) || /\nSSH-\d\.\d+-/.test(text)) return 'ssh';
  if (/^(220|421|530)[ -]/.test(text)) return greetingOf(text);
  const plain = FIRST_WORDS.find(([, words]) => words.test(text));
  if (plain !== undefined) return plain[0];
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
