/** Asks a TFTP server for well-known names, beside a random one that it must not have; one block of each at most. */
import { askDatagrams } from '../../../codecs/protocols/datagrams.ts';
import { parseTftp, tftpRead } from '../../../codecs/protocols/tftp-message.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netService, tftpFile } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

const CONTROL = 'assay-9b1f2c7e.bin';

export const tftpFiles: Probe = {
  id: 'tftp/files',
  title: 'TFTP: well-known names',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [tftpFile],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'tftp')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const { names } = context.knowledge('tftp-files') as { readonly names: readonly string[] };
    if ((await given(subject, CONTROL, context)) !== undefined)
      throw new FaultError('unrecognised', 'the server gives data for a random name: names tell nothing here');
    const queue = [...names];
    const worker = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const bytes = await given(subject, name, context);
        const evidence = bytes === undefined ? [] : [context.keep(bytes, 'application/octet-stream', 'first block')];
        context.emit(tftpFile, { name, given: bytes !== undefined }, { evidence });
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  },
};

/** The first block of a file, or undefined when it is refused; silence is a fault. */
async function given(
  { host, port }: SubjectOf<'endpoint'>,
  name: string,
  { dial, signal }: ProbeContext,
): Promise<Uint8Array | undefined> {
  const door = await dial.udp(host, port, { signal, anyPort: true });
  try {
    const [bytes] = await askDatagrams(door, tftpRead(name), (answer) => parseTftp(answer) !== undefined, {
      window: 1500,
    });
    const answer = bytes === undefined ? undefined : parseTftp(bytes);
    if (answer === undefined) throw new FaultError('timeout', `a request for ${name} was not answered`);
    return answer.kind === 'data' ? answer.bytes : undefined;
  } finally {
    door.close();
  }
}
