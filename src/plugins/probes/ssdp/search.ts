/** Tells whether SSDP answers a search that was sent to the device alone, and what it says. */
import { askDatagrams } from '../../../codecs/protocols/datagrams.ts';
import { parseSsdp, ssdpSearch } from '../../../codecs/protocols/ssdp-message.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { netService, ssdpAnswer } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

export const ssdpSearchProbe: Probe = {
  id: 'ssdp/search',
  title: 'SSDP: answers to a unicast search',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [ssdpAnswer],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'ssdp')),
  async observe(subject, { dial, signal, emit, keep }) {
    if (subject.kind !== 'endpoint') return;
    const port = await dial.udp(subject.host, subject.port, { signal });
    try {
      const isAnswer = (bytes: Uint8Array): boolean => parseSsdp(bytes) !== undefined;
      const question = ssdpSearch(subject.host);
      const answers = await askDatagrams(port, question, isAnswer, { window: 2000, enough: 60 });
      const [first] = answers;
      if (first === undefined) throw new FaultError('timeout', 'the search was answered once and not again');
      const headers = answers.map((bytes) => parseSsdp(bytes)?.headers ?? {});
      const named = (name: string): string | undefined => headers.find((one) => one[name] !== undefined)?.[name];
      const server = named('server');
      const location = named('location');
      emit(
        ssdpAnswer,
        {
          ...(server === undefined ? {} : { server: printable(server) }),
          ...(location === undefined ? {} : { location: printable(location) }),
          targets: [...new Set(headers.map((one) => printable(one['st'] ?? '')))].filter(Boolean),
        },
        { evidence: [keep(first, 'text/plain')] },
      );
    } finally {
      port.close();
    }
  },
};
