/** Tells whether an SNMP agent answers by version 1 or 2c to `public`, and by version 3 without authentication. */
import { askDatagrams, reads } from '../../../codecs/protocols/datagrams.ts';
import { parseSnmp, type SnmpAnswer, snmpGet, snmpGetV3 } from '../../../codecs/protocols/snmp-message.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import { netService, snmpAccess } from '../../../facts/index.ts';

const COMMUNITY = 'public';
/** User names that manuals give to version 3 without authentication. */
const USERS = ['initial', 'public', 'user', 'admin', 'noAuthUser'] as const;

export const snmpAccessProbe: Probe = {
  id: 'snmp/access',
  title: 'SNMP: versions and unauthenticated reading',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [snmpAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'snmp')),
  async observe(subject, { dial, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const port = await dial.udp(subject.host, subject.port, { signal });
    try {
      for (const [version, number] of [
        ['1', 0],
        ['2c', 1],
      ] as const) {
        const answer = await ask(port, snmpGet(number, COMMUNITY, 101 + number), 101 + number);
        emit(snmpAccess, { version, community: COMMUNITY, accepted: granted(answer), ...descriptionOf(answer) });
      }
      const answer = await askVersion3(port);
      emit(snmpAccess, {
        version: '3',
        accepted: granted(answer),
        ...(granted(answer) ? { security: 'noAuthNoPriv' as const } : {}),
        ...descriptionOf(answer),
      });
    } finally {
      port.close();
    }
  },
};

const granted = (answer: SnmpAnswer | undefined): boolean =>
  answer?.kind === 'response' && answer.error === 0 && answer.present;
const descriptionOf = (answer: SnmpAnswer | undefined): { description?: string } =>
  answer !== undefined && granted(answer) ? { description: printable(answer.value) } : {};

async function ask(port: DatagramPort, question: Uint8Array, id: number): Promise<SnmpAnswer | undefined> {
  const mine = (bytes: Uint8Array): boolean => reads(parseSnmp, bytes)?.requestId === id;
  const [bytes] = await askDatagrams(port, question, mine);
  return bytes === undefined ? undefined : reads(parseSnmp, bytes);
}

/** Learns the agent's engine, then asks as users without a key; an agent without version 3 stays silent. */
async function askVersion3(port: DatagramPort): Promise<SnmpAnswer | undefined> {
  const isReport = (bytes: Uint8Array): boolean => reads(parseSnmp, bytes)?.engine !== undefined;
  const [bytes] = await askDatagrams(port, snmpGetV3(200, ''), isReport);
  const engine = bytes === undefined ? undefined : reads(parseSnmp, bytes)?.engine;
  if (engine === undefined) return undefined;
  for (const [index, user] of USERS.entries()) {
    const answer = await ask(port, snmpGetV3(201 + index, user, engine), 201 + index);
    if (granted(answer)) return answer;
  }
  return undefined;
}
