/** Lists what a device announces by mDNS, asked directly, and what its records reveal. */
import { MDNS_ROOT } from '../../../codecs/protocols/datagram-services.ts';
import { askDatagrams, reads } from '../../../codecs/protocols/datagrams.ts';
import { DNS_TYPES, type DnsRecord, dnsQuestion, parseDns } from '../../../codecs/protocols/dns-message.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { type DataOf, endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import { mdnsService, netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

type Revealed = DataOf<typeof mdnsService>['reveals'][number];
const MOST_TYPES = 40;

/** Which TXT keys reveal what; values that look like a MAC address do so under any key. */
const KEYS: readonly (readonly [Revealed, RegExp])[] = [
  ['serial', /^(sn|serial|serialnumber|serialno|serial_number)$/],
  ['mac', /^(mac|macaddress|mac_address|ethernetmac|wifimac)$/],
  ['key', /^(key|token|psk|password|passwd|pw|secret|pin|setupcode|apikey|api_key)$/],
  ['user', /^(user|username|owner|login|email|account)$/],
  ['firmware-version', /^(fw|fv|fwver|firmware|fw_version|fwversion|firmwareversion|version|ver|sw|swver|srcvers)$/],
];
const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

export const mdnsServices: Probe = {
  id: 'mdns/services',
  title: 'mDNS services and what they reveal',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [mdnsService],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'mdns')),
  async observe(subject, { dial, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const port = await dial.udp(subject.host, subject.port, { signal });
    try {
      const types = namesOf(await ask(port, MDNS_ROOT, DNS_TYPES.PTR));
      if (types.length === 0) throw new FaultError('timeout', 'the list of mDNS services was not answered');
      for (const service of types.slice(0, MOST_TYPES)) {
        const records = await ask(port, service, DNS_TYPES.PTR);
        const instances = namesOf(records.filter((record) => record.name === service));
        if (instances.length === 0) emit(mdnsService, { service: printable(service), reveals: [] });
        for (const instance of instances.slice(0, MOST_TYPES)) {
          const known = records.filter((record) => record.name === instance && record.type === DNS_TYPES.TXT);
          const texts = (known.length > 0 ? known : await ask(port, instance, DNS_TYPES.TXT)).flatMap(textsOf);
          emit(mdnsService, { service: printable(service), instance: printable(instance), reveals: revealedBy(texts) });
        }
      }
    } finally {
      port.close();
    }
  },
};

const namesOf = (records: readonly DnsRecord[]): readonly string[] => [
  ...new Set(records.filter((record) => record.type === DNS_TYPES.PTR).flatMap((record) => record.texts)),
];
const textsOf = (record: DnsRecord): readonly string[] => (record.type === DNS_TYPES.TXT ? record.texts : []);

export function revealedBy(texts: readonly string[]): readonly Revealed[] {
  const found = new Set<Revealed>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1 || equals === text.length - 1) continue;
    const key = text.slice(0, equals).toLowerCase();
    if (MAC.test(text.slice(equals + 1))) found.add('mac');
    for (const [what, pattern] of KEYS) if (pattern.test(key)) found.add(what);
  }
  return [...found];
}

async function ask(port: DatagramPort, name: string, type: number): Promise<readonly DnsRecord[]> {
  const question = dnsQuestion({ id: 0x6175, name, type, unicast: true });
  const answers = await askDatagrams(port, question, (bytes) => reads(parseDns, bytes)?.response === true, {
    enough: 4,
    window: 500,
  });
  return answers.flatMap((bytes) => {
    const answer = reads(parseDns, bytes);
    return answer === undefined ? [] : [...answer.answers, ...answer.additionals];
  });
}
