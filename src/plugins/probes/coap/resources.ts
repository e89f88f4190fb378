/** Lists the resources of a CoAP server and tells which it serves without credentials; only GET is sent. */
import { type CoapReply, coapGet, coreLinks, readCoap } from '../../../codecs/protocols/coap-message.ts';
import { askDatagrams } from '../../../codecs/protocols/datagrams.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import { coapResource, netService } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

const CORE = '/.well-known/core';
const MOST_BLOCKS = 32;
const MOST_RESOURCES = 40;

export const coapResources: Probe = {
  id: 'coap/resources',
  title: 'CoAP resources served without credentials',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [coapResource],
  subjects: (facts) =>
    endpointsOf(facts.of(netService).filter((fact) => fact.data.protocol === 'coap' && !fact.data.tls)),
  async observe(subject, { dial, signal, emit, keep, gap }) {
    if (subject.kind !== 'endpoint') return;
    const port = await dial.udp(subject.host, subject.port, { signal });
    try {
      const core = await get(port, CORE);
      const served = core.code.startsWith('2.');
      const evidence = [keep(core.payload, 'application/link-format')];
      const data = { path: CORE, served, code: core.code, amplification: core.amplification };
      emit(coapResource, data, served ? { evidence } : {});
      const links = served ? coreLinks(core.payload).filter((path) => path !== CORE) : [];
      for (const path of links.slice(0, MOST_RESOURCES)) {
        try {
          const reply = await get(port, path);
          emit(coapResource, { path, served: reply.code.startsWith('2.'), code: reply.code });
        } catch (thrown) {
          const { kind, message } = faultOf(thrown);
          gap({ kind, message: `${path}: ${message}` });
        }
      }
      if (links.length > MOST_RESOURCES)
        gap({ kind: 'over-budget', message: `${links.length - MOST_RESOURCES} resources were not asked for` });
    } finally {
      port.close();
    }
  },
};

/** A whole answer, block by block; `amplification` is how many times longer the first datagram is than the question. */
async function get(port: DatagramPort, path: string): Promise<CoapReply & { readonly amplification: number }> {
  const parts: Uint8Array[] = [];
  let code = '';
  let amplification = 0;
  for (let block = 0; block < MOST_BLOCKS; block += 1) {
    const question = coapGet(path, block);
    const isReply = (bytes: Uint8Array): boolean => {
      const reading = readCoap(bytes, question);
      return reading !== undefined && reading.kind !== 'wait';
    };
    const [bytes] = await askDatagrams(port, question.bytes, isReply, { window: 2000 });
    if (bytes === undefined) throw new FaultError('timeout', 'no CoAP answer came');
    const reading = readCoap(bytes, question);
    if (reading?.kind !== 'reply') throw new FaultError('refused', 'the CoAP server reset the exchange');
    if (block === 0) {
      code = reading.reply.code;
      amplification = Math.round(bytes.length / question.bytes.length);
    }
    parts.push(reading.reply.payload);
    if (!reading.more) break;
  }
  return { code, payload: Buffer.concat(parts), amplification };
}
