/** The UDP protocols that are recognised, each by its own questions and a parser of its answers. */
import { coapGet, readCoap } from './coap-message.ts';
import { reads } from './datagrams.ts';
import { DNS_CLASSES, DNS_TYPES, dnsQuestion, parseDns } from './dns-message.ts';
import { dtlsGreets, dtlsHello } from './dtls-greeting.ts';
import { answersNtp, ntpQuestion } from './ntp-message.ts';
import { parseSnmp, snmpGet, snmpGetV3 } from './snmp-message.ts';
import { parseSsdp, ssdpSearch } from './ssdp-message.ts';
import { printable } from './stream-reader.ts';
import { parseTftp, tftpRead } from './tftp-message.ts';

/** What an answer tells beside the protocol. */
export interface Greeting {
  readonly bytes: Uint8Array;
  readonly banner?: string;
  readonly product?: string;
  readonly version?: string;
  /** It took a request in clear. */
  readonly inClear?: boolean;
}
export interface ProtocolQuestion {
  readonly protocol:
    | 'dns'
    | 'mdns'
    | 'ssdp'
    | 'snmp'
    | 'coap'
    | 'ntp'
    | 'tftp'
    | 'dtls'
    | 'sip'
    | 'stun'
    | 'rpcbind'
    | 'memcached';
  readonly port: number;
  readonly anyPort: boolean;
  questions(host: string): readonly Uint8Array[];
  recognise(bytes: Uint8Array): Greeting | undefined;
}

/** A name that no TFTP server has: the refusal shows the server. */
const NO_SUCH_FILE = 'assay-no-such-file';
const DNS_ID = 0x6173;
export const MDNS_ROOT = '_services._dns-sd._udp.local';

/** New questions for each run: CoAP answers are matched by the token of theirs. */
export function datagramProtocols(): readonly ProtocolQuestion[] {
  const coap = coapGet('/.well-known/core');
  return [
    { protocol: 'dns', port: 53, anyPort: false, questions: () => [versionBind()], recognise: recogniseDns },
    { protocol: 'mdns', port: 5353, anyPort: false, questions: () => [mdnsRoot()], recognise: recogniseMdns },
    { protocol: 'ssdp', port: 1900, anyPort: false, questions: (host) => [ssdpSearch(host)], recognise: recogniseSsdp },
    {
      protocol: 'snmp',
      port: 161,
      anyPort: false,
      questions: () => [snmpGetV3(0x6173, ''), snmpGet(1, 'public', 0x6173)],
      recognise: recogniseSnmp,
    },
    {
      protocol: 'coap',
      port: 5683,
      anyPort: false,
      questions: () => [coap.bytes],
      recognise: (bytes) => (readCoap(bytes, coap) === undefined ? undefined : { bytes }),
    },
    {
      protocol: 'ntp',
      port: 123,
      anyPort: false,
      questions: () => [ntpQuestion('3'), ntpQuestion('6')],
      recognise: (bytes) => (answersNtp('3', bytes) || answersNtp('6', bytes) ? { bytes } : undefined),
    },
    {
      protocol: 'tftp',
      port: 69,
      anyPort: true,
      questions: () => [tftpRead(NO_SUCH_FILE)],
      recognise: (bytes) => (parseTftp(bytes) === undefined ? undefined : { bytes }),
    },
    {
      protocol: 'dtls',
      port: 5684,
      anyPort: false,
      questions: () => [dtlsHello()],
      recognise: (bytes) => (dtlsGreets(bytes) ? { bytes } : undefined),
    },
    { protocol: 'sip', port: 5060, anyPort: false, questions: () => [SIP_OPTIONS], recognise: recogniseSip },
    { protocol: 'stun', port: 3478, anyPort: false, questions: () => [STUN_BINDING], recognise: recogniseStun },
    { protocol: 'rpcbind', port: 111, anyPort: false, questions: () => [PORT_MAPPER], recognise: recogniseMapper },
    { protocol: 'memcached', port: 11_211, anyPort: false, questions: () => [STORE], recognise: recogniseStore },
  ];
}

const versionBind = (): Buffer =>
  dnsQuestion({ id: DNS_ID, name: 'version.bind', type: DNS_TYPES.TXT, class: DNS_CLASSES.CHAOS });
const mdnsRoot = (): Buffer => dnsQuestion({ id: DNS_ID, name: MDNS_ROOT, type: DNS_TYPES.PTR, unicast: true });

function recogniseDns(bytes: Uint8Array): Greeting | undefined {
  const answer = reads(parseDns, bytes);
  if (answer === undefined || !answer.response || answer.id !== DNS_ID) return undefined;
  const said = answer.answers.find((record) => record.type === DNS_TYPES.TXT)?.texts[0];
  return said === undefined || said === '' ? { bytes } : { bytes, banner: printable(said), ...productOf(said) };
}

function recogniseMdns(bytes: Uint8Array): Greeting | undefined {
  const answer = reads(parseDns, bytes);
  const told = answer?.answers.some((record) => record.type === DNS_TYPES.PTR) ?? false;
  return answer?.response === true && told ? { bytes } : undefined;
}

function recogniseSsdp(bytes: Uint8Array): Greeting | undefined {
  const answer = parseSsdp(bytes);
  if (answer === undefined) return undefined;
  const server = answer.headers['server'];
  return server === undefined ? { bytes } : { bytes, banner: printable(server) };
}

function recogniseSnmp(bytes: Uint8Array): Greeting | undefined {
  const answer = reads(parseSnmp, bytes);
  if (answer === undefined || answer.kind === 'other') return undefined;
  return answer.kind === 'response' && answer.present ? { bytes, banner: printable(answer.value) } : { bytes };
}

/** `dnsmasq-2.89`, `9.18.1`, `unbound 1.17.1`. */
function productOf(said: string): { product?: string; version?: string } {
  const named = /^([A-Za-z][A-Za-z0-9_]{1,30})[- ]v?([0-9][A-Za-z0-9.]{0,20})/.exec(said);
  return named === null ? {} : { product: named[1]!, version: named[2]! };
}

const SIP_OPTIONS = Buffer.from(
  [
    'OPTIONS sip:assay@assay.invalid SIP/2.0',
    'Via: SIP/2.0/UDP assay.invalid;branch=z9hG4bKassay;rport',
    'Max-Forwards: 0',
    'From: <sip:assay@assay.invalid>;tag=assay',
    'To: <sip:assay@assay.invalid>',
    'Call-ID: assay',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
  'latin1',
);
function recogniseSip(bytes: Uint8Array): Greeting | undefined {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  if (!/^SIP\/2\.0 \d{3} /.test(text)) return undefined;
  const named = /^(?:server|user-agent)[ \t]*:([^\r\n]{1,120})/im.exec(text)?.[1];
  return { bytes, inClear: true, ...(named === undefined ? {} : { banner: printable(named) }) };
}

/** A binding request (RFC 8489 §5): type, length, cookie, identifier. */
const STUN_BINDING = Buffer.from('000100002112a442617373617961737361793131', 'hex');
const recogniseStun = (bytes: Uint8Array): Greeting | undefined =>
  bytes.length >= 20 && bytes[0] === 1 && Buffer.from(bytes.subarray(4, 20)).equals(STUN_BINDING.subarray(4))
    ? { bytes }
    : undefined;

/** NULL call of the port mapper, version 2 (RFC 5531, RFC 1833). */
const PORT_MAPPER = Buffer.from(`6173736100000000${'00000002'}000186a00000000200000000${'00'.repeat(16)}`, 'hex');
function recogniseMapper(bytes: Uint8Array): Greeting | undefined {
  const reply = Buffer.from(bytes.subarray(0, 64));
  const answers = reply.length >= 24 && reply.readUInt32BE(0) === 0x61737361 && reply.readUInt32BE(4) === 1;
  return answers ? { bytes, inClear: true } : undefined;
}

/** memcached's frame of UDP (identifier, number, count, reserved), then its text. */
const STORE = Buffer.concat([Buffer.from('6173000000010000', 'hex'), Buffer.from('version\r\n', 'latin1')]);
function recogniseStore(bytes: Uint8Array): Greeting | undefined {
  const text = Buffer.from(bytes.subarray(8, 128)).toString('latin1');
  return bytes[0] === 0x61 && bytes[1] === 0x73 && /^VERSION \d/.test(text)
    ? { bytes, inClear: true, banner: printable(text).trim() }
    : undefined;
}
