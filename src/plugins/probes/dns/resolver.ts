/** Tells whether a DNS server resolves names of third parties, and which software it names. */
import { askDatagrams, reads } from '../../../codecs/protocols/datagrams.ts';
import {
  DNS_CLASSES,
  DNS_TYPES,
  type DnsAnswer,
  dnsQuestion,
  parseDns,
} from '../../../codecs/protocols/dns-message.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import { dnsResolver, netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

/** REFUSED: what a server says to strangers (RFC 1035 §4.1.1). */
const REFUSED = 5;

export const dnsResolverProbe: Probe = {
  id: 'dns/resolver',
  title: 'DNS: recursion for strangers, software named',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [dnsResolver],
  subjects: (facts) =>
    endpointsOf(facts.of(netService).filter(({ data }) => data.protocol === 'dns' && data.transport === 'udp')),
  async observe(subject, { dial, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const port = await dial.udp(subject.host, subject.port, { signal });
    try {
      const id = 0x6174;
      const question = dnsQuestion({ id, name: 'example.com', type: DNS_TYPES.A, recursionDesired: true });
      const answer = await ask(port, question, id, 4000);
      if (answer === undefined) throw new FaultError('timeout', 'a question for a third party was not answered');
      const named = dnsQuestion({ id: id + 1, name: 'version.bind', type: DNS_TYPES.TXT, class: DNS_CLASSES.CHAOS });
      const software = (await ask(port, named, id + 1, 1000))?.answers[0]?.texts[0];
      emit(
        dnsResolver,
        {
          recursive: answer.recursionAvailable && answer.code !== REFUSED,
          ...(software === undefined || software === '' ? {} : { version: printable(software) }),
        },
        { where: `answer code ${answer.code}, recursion ${answer.recursionAvailable ? '' : 'not '}available` },
      );
    } finally {
      port.close();
    }
  },
};

async function ask(
  port: DatagramPort,
  question: Uint8Array,
  id: number,
  window: number,
): Promise<DnsAnswer | undefined> {
  const mine = (bytes: Uint8Array): boolean => {
    const answer = reads(parseDns, bytes);
    return answer?.response === true && answer.id === id;
  };
  const [bytes] = await askDatagrams(port, question, mine, { window });
  return bytes === undefined ? undefined : reads(parseDns, bytes);
}
