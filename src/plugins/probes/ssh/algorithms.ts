/** Greets SSH servers and tells versions, every algorithm on offer with its rating, and Terrapin exposure. */
import { openSsh, type SshHello, versionsOf } from '../../../codecs/protocols/ssh-hello.ts';
import { algorithmsOf, rate, type SshRatings, terrapinOf } from '../../../codecs/protocols/ssh-ratings.ts';
import { type DataOf, endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { netService, sshAlgorithm, sshProtocol, sshTerrapin } from '../../../facts/index.ts';

type Weakness = DataOf<typeof sshAlgorithm>['weaknesses'][number];

export const sshAlgorithms: Probe = {
  id: 'ssh/algorithms',
  title: 'SSH versions, algorithms and Terrapin exposure',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [sshProtocol, sshAlgorithm, sshTerrapin],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'ssh')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const stream = await context.dial.tcp(subject.host, subject.port, { signal: context.signal });
    try {
      tell((await openSsh(stream)).hello, context);
    } finally {
      stream.destroy();
    }
  },
};

function tell(hello: SshHello, context: ProbeContext): void {
  const banner = [context.keep(Buffer.from(`${hello.banner}\r\n`, 'latin1'), 'text/plain')];
  const versions = versionsOf(hello.version);
  context.emit(
    sshProtocol,
    { versions, software: hello.software, banner: hello.banner },
    { where: 'identification line', evidence: banner },
  );
  if (hello.offer === undefined || hello.kexInit === undefined) {
    context.gap(
      { kind: 'unsupported', message: 'the server speaks SSH version 1 only, whose algorithms are not enumerated' },
      { facts: [sshAlgorithm, sshTerrapin] },
    );
    return;
  }
  const table = context.knowledge('ssh-algorithms') as SshRatings<Weakness>;
  const evidence = [context.keep(hello.kexInit, 'application/octet-stream')];
  for (const { kind, names } of algorithmsOf(hello.offer, table.pseudo)) {
    for (const name of names) {
      const { rating, weaknesses } = rate(table, kind, name);
      context.emit(sshAlgorithm, { kind, name, rating, weaknesses }, { where: 'SSH_MSG_KEXINIT', evidence });
    }
  }
  context.emit(sshTerrapin, terrapinOf(hello.offer), { where: 'SSH_MSG_KEXINIT', evidence });
}
