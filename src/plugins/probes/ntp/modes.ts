/** Tells which NTP modes a server answers, and by how much its answers outgrow the question. */
import { askDatagrams } from '../../../codecs/protocols/datagrams.ts';
import { answersNtp, carriesNtp, type NtpMode, ntpQuestion } from '../../../codecs/protocols/ntp-message.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { netService, ntpMode } from '../../../facts/index.ts';

const MODES: readonly NtpMode[] = ['3', '6', '7'];

export const ntpModes: Probe = {
  id: 'ntp/modes',
  title: 'NTP: time, control and private queries',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [ntpMode],
  subjects: (facts) => endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'ntp')),
  async observe(subject, { dial, signal, emit }) {
    if (subject.kind !== 'endpoint') return;
    for (const mode of MODES) {
      const port = await dial.udp(subject.host, subject.port, { signal });
      try {
        const question = ntpQuestion(mode);
        const answers = await askDatagrams(port, question, (bytes) => answersNtp(mode, bytes), { enough: 100 });
        const size = answers.reduce((sum, bytes) => sum + bytes.length, 0);
        emit(ntpMode, {
          mode,
          answers: answers.some((bytes) => carriesNtp(mode, bytes)),
          amplification: Math.round(size / question.length),
        });
      } finally {
        port.close();
      }
    }
  },
};
