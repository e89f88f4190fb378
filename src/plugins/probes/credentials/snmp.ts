/** Tries known communities on SNMP agents, read only. */
import { parseSnmp, snmpGet } from '../../../codecs/protocols/snmp-message.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import type { Answer } from './door.ts';
import { credentialProbe } from './doors.ts';

export const credentialsSnmp = credentialProbe({
  id: 'credentials/snmp',
  title: 'Known communities of SNMP agents',
  protocol: 'snmp',
  pairs: (context) => {
    const { communities } = context.knowledge('snmp-communities') as { readonly communities: readonly string[] };
    return communities.map((password) => ({ account: '', password }));
  },
  open: (endpoint, _surface, context) => ({
    protocol: 'snmp',
    width: 1,
    unlimited: true,
    knock: (_account, communities) => ask(endpoint, communities, context),
  }),
});

/** Sends all communities at once, by request id; an agent says nothing to a wrong one. */
async function ask(
  endpoint: SubjectOf<'endpoint'>,
  communities: readonly string[],
  { dial, signal }: ProbeContext,
): Promise<readonly Answer[]> {
  const port = await dial.udp(endpoint.host, endpoint.port, { signal });
  const started = Date.now();
  const answered = new Map<number, string>();
  try {
    for (let round = 0; round < 2 && answered.size === 0; round += 1) {
      for (const [index, community] of communities.entries()) {
        await port.send(snmpGet(1, community, index + 1));
        await port.send(snmpGet(0, community, index + 1));
      }
      await collect(port, 800, answered);
    }
  } finally {
    port.close();
  }
  const milliseconds = Date.now() - started;
  const first = [...answered.keys()].sort((a, b) => a - b)[0];
  const refused = (first === undefined ? communities : communities.slice(0, first - 1)).map(
    (): Answer => ({ outcome: 'refused', milliseconds: 0 }),
  );
  if (first === undefined) return refused;
  return [...refused, { outcome: 'accepted', milliseconds, proof: `sysDescr: ${answered.get(first) ?? ''}` }];
}

/** Notes which requests are answered within `window` ms; garbage in answer to a question is no answer. */
async function collect(port: DatagramPort, window: number, answered: Map<number, string>): Promise<void> {
  const end = Date.now() + window;
  for (let left = window; left > 0; left = end - Date.now()) {
    const bytes = await port.receive(left);
    if (bytes === undefined) return;
    note(bytes, answered);
  }
}

function note(bytes: Uint8Array, answered: Map<number, string>): void {
  try {
    const answer = parseSnmp(bytes);
    if (answer.kind === 'response') answered.set(answer.requestId, printable(answer.value, 80));
  } catch {
    /* not SNMP */
  }
}
