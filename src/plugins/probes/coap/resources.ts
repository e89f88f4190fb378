/** Lists the resources of a CoAP server and tells which it serves without credentials; only GET is sent. */
import {
  type CoapQuestion,
  type CoapReading,
  type CoapReply,
  coapGet,
  coreLinks,
  readCoap,
} from '../../../codecs/protocols/coap-message.ts';
import { CoapStream } from '../../../codecs/protocols/coap-stream.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { DatagramPort } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { coapResource, netService } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

type Endpoint = SubjectOf<'endpoint'>;

const CORE = '/.well-known/core';
const SIDE_BY_SIDE = 8;
/** Milliseconds for an answer, and for one that was promised. */
const WINDOW = 1500;
const LATER = 5000;
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
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const { emit, keep, gap } = context;
    const core = await get(subject, context, CORE);
    const served = core.code.startsWith('2.');
    const evidence = [keep(core.payload, 'application/link-format')];
    const { code, amplification } = core;
    // Over TCP nobody can be made to answer a stranger.
    const data = { path: CORE, served, code, ...(subject.transport === 'udp' ? { amplification } : {}) };
    emit(coapResource, data, served ? { evidence } : {});
    const links = served ? coreLinks(core.payload).filter((path) => path !== CORE) : [];
    const queue = links.slice(0, MOST_RESOURCES);
    let asking = 0;
    const worker = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        asking += 1;
        let asked = false;
        const promised = (): void => {
          if (asked) return;
          asked = true;
          asking -= 1;
          if (asking === 0 && queue.length === 0) context.asked();
        };
        await look(subject, context, path, promised);
        promised();
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    if (links.length > MOST_RESOURCES)
      gap({ kind: 'over-budget', message: `${links.length - MOST_RESOURCES} resources were not asked for` });
  },
};

async function look(subject: Endpoint, context: ProbeContext, path: string, promised: () => void): Promise<void> {
  try {
    const { code } = await get(subject, context, path, promised);
    context.emit(coapResource, { path, served: code.startsWith('2.'), code });
  } catch (thrown) {
    const { kind, message } = faultOf(thrown);
    if (kind === 'bug' || kind === 'stopped') throw thrown;
    context.gap({ kind, message: `${path}: ${message}` });
  }
}

type Answer = CoapReply & { readonly amplification: number };

/**
 * A whole answer, block by block; `amplification` is how many times longer the first datagram is than the question.
 * `promised` hears when an answer is only waited for: the question was acknowledged, or over TCP not answered for long.
 */
async function get(
  subject: Endpoint,
  { dial, signal }: ProbeContext,
  path: string,
  promised: () => void = () => {},
): Promise<Answer> {
  if (subject.transport === 'tcp') {
    const stream = await dial.tcp(subject.host, subject.port, { signal });
    const timer = setTimeout(promised, WINDOW);
    try {
      const channel = new CoapStream(stream);
      return await whole(path, async (question) => ({ reading: await channel.ask(question, LATER), length: 0 }));
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  }
  const port = await dial.udp(subject.host, subject.port, { signal });
  try {
    return await whole(path, (question) => ask(port, question, promised));
  } finally {
    port.close();
  }
}

interface Heard {
  readonly reading: CoapReading;
  readonly length: number;
}

async function whole(path: string, exchange: (question: CoapQuestion) => Promise<Heard>): Promise<Answer> {
  const parts: Uint8Array[] = [];
  let code = '';
  let amplification = 0;
  for (let block = 0; block < MOST_BLOCKS; block += 1) {
    const question = coapGet(path, block);
    const { reading, length } = await exchange(question);
    if (reading.kind !== 'reply') throw new FaultError('refused', 'the CoAP server reset the exchange');
    if (block === 0) {
      code = reading.reply.code;
      amplification = Math.round(length / question.bytes.length);
    }
    parts.push(reading.reply.payload);
    if (!reading.more) break;
  }
  return { code, payload: Buffer.concat(parts), amplification };
}

/** Asks up to twice; a server that acknowledges the question is not asked again, its answer comes later (RFC 7252 §5.2.2). */
async function ask(port: DatagramPort, question: CoapQuestion, promised: () => void): Promise<Heard> {
  for (let round = 0; round < 2; round += 1) {
    await port.send(question.bytes);
    const heard = await listen(port, question, WINDOW);
    if (heard === undefined) continue;
    if (heard.reading.kind !== 'wait') return heard;
    promised();
    const later = await listen(port, question, LATER);
    if (later !== undefined && later.reading.kind !== 'wait') return later;
    throw new FaultError('timeout', 'the question was acknowledged and not answered');
  }
  throw new FaultError('timeout', 'no CoAP answer came');
}

/** The first datagram within `window` ms that says something to the question. */
async function listen(port: DatagramPort, question: CoapQuestion, window: number): Promise<Heard | undefined> {
  const end = Date.now() + window;
  for (let left = window; left > 0; left = end - Date.now()) {
    const bytes = await port.receive(left);
    if (bytes === undefined) return undefined;
    const reading = readCoap(bytes, question);
    if (reading !== undefined) return { reading, length: bytes.length };
  }
  return undefined;
}
