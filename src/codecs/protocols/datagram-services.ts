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
}
export interface ProtocolQuestion {
  readonly protocol: 'dns' | 'mdns' | 'ssdp' | 'snmp' | 'coap' | 'ntp' | 'tftp' | 'dtls';
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
