/** Tells whether debug interfaces on the network (ADB, gdbserver, OpenOCD, raw shells) can be used without a login. */

import type { Duplex } from 'node:stream';
import { greetAdb } from '../../../codecs/protocols/adb-hello.ts';
import { greetGdb } from '../../../codecs/protocols/gdb-hello.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { lastLine, promptOf, TelnetSession } from '../../../codecs/protocols/telnet-session.ts';
import { type DataOf, endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { reach } from '../../../core/model/network.ts';
import { debugAccess, netService } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

type Access = DataOf<typeof debugAccess>;
type Service = DataOf<typeof netService>;

const isOpenOcd = (service: Service): boolean => service.banner?.includes('Open On-Chip Debugger') ?? false;
const isDebug = (service: Service): boolean =>
  service.protocol === 'adb' || service.protocol === 'gdb' || service.protocol === 'shell' || isOpenOcd(service);

export const debugAccessProbe: Probe = {
  id: 'debug/access',
  title: 'Debug interfaces on the network',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [debugAccess],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => isDebug(fact.data))),
  async observe(subject, { dial, facts, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    const service = factsAt(facts.of(netService), subject).find((fact) => isDebug(fact.data))?.data;
    if (service === undefined) return;
    const stream = await reach(dial, subject, { signal, secure: service.tls });
    try {
      emit(debugAccess, await look(service, stream));
    } finally {
      stream.destroy();
    }
  },
};

async function look(service: Service, stream: Duplex): Promise<Access> {
  if (service.protocol === 'adb') {
    const { open, how } = await greetAdb(stream);
    return { interface: 'adb', open, how };
  }
  if (service.protocol === 'gdb') return { interface: 'gdb', open: true, how: `qSupported: ${await greetGdb(stream)}` };
  const kind = isOpenOcd(service) ? 'openocd' : 'shell';
  return { interface: kind, ...(await shellOf(stream)) };
}

/** The same prompt after two empty lines is a shell; nothing else is sent. */
async function shellOf(stream: Duplex): Promise<{ open: boolean; how: string }> {
  const session = new TelnetSession(stream, { lifetime: 12_000 });
  session.send('\n');
  const first = await session.settle(3000, 300);
  if (promptOf(first) === 'login' || promptOf(first) === 'password') return { open: false, how: 'asks for a login' };
  if (promptOf(first) !== 'shell')
    throw new FaultError('unrecognised', `no prompt: "${printable(lastLine(first), 60)}"`);
  session.send('\n');
  const second = await session.settle(3000, 300);
  if (lastLine(second) !== lastLine(first)) throw new FaultError('unrecognised', 'the prompt did not come again');
  return { open: true, how: `prompt "${printable(lastLine(first), 60)}" twice after empty lines` };
}
