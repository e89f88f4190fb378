/** Speaks MQTT 3.1.1 and 5 as a client that connects and subscribes, and never publishes. */
import type { Duplex } from 'node:stream';
import type { IConnackPacket, IConnectPacket, ISubackPacket, Packet, Parser } from 'mqtt-packet';
import { FaultError } from '../../lib/fault.ts';
import { printable, StreamReader } from './stream-reader.ts';

export type MqttVersion = '3.1.1' | '5';
export interface MqttLogin {
  readonly version: MqttVersion;
  readonly username?: string;
  readonly password?: string;
  readonly clientId: string;
}
export interface MqttWelcome {
  /** Return code (3.1.1) or reason code (5); 0 is accepted. */
  readonly code: number;
  /** The server does not speak this version. */
  readonly unsupported: boolean;
}
export interface MqttGrant {
  readonly granted: boolean;
  readonly retained: number;
  readonly topics: readonly string[];
  /** What the broker says of itself at `$SYS/broker/version`. */
  readonly version?: string;
}

const LARGEST = 1_048_576;
/** Bytes of one conversation: retained messages of a whole house fit. */
const MOST = 8 * LARGEST;

/** One connection. Packets are read off a bounded buffer; all that a broker may send is counted. */
export class MqttSession {
  readonly #stream: Duplex;
  readonly #reader: StreamReader;
  readonly #level: 4 | 5;
  readonly #packets: Packet[] = [];
  #parser: Parser | undefined;
  #generate: typeof import('mqtt-packet').generate | undefined;
  #failure: Error | undefined;

  constructor(stream: Duplex, version: MqttVersion, lifetime = 10_000) {
    this.#stream = stream;
    this.#level = version === '5' ? 5 : 4;
    this.#reader = new StreamReader(stream, { buffered: LARGEST, lifetime });
  }

  /** The library costs fifty modules: it is loaded where a broker is talked to. */
  async #open(): Promise<void> {
    if (this.#parser !== undefined) return;
    const { generate, parser } = await import('mqtt-packet');
    this.#generate = generate;
    this.#parser = parser({ protocolVersion: this.#level });
    this.#parser.on('packet', (packet: Packet) => this.#packets.push(packet));
    this.#parser.on('error', (error: Error) => {
      this.#failure = error;
    });
  }

  #bytes(packet: Packet): Buffer {
    if (this.#generate === undefined) throw new FaultError('bug', 'a packet before the connection was opened');
    return this.#generate(packet, { protocolVersion: this.#level });
  }

  async connect(login: MqttLogin): Promise<MqttWelcome> {
    await this.#open();
    const packet: IConnectPacket = {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: this.#level,
      clean: true,
      clientId: login.clientId,
      keepalive: 30,
      ...(login.username === undefined ? {} : { username: login.username }),
      ...(login.password === undefined ? {} : { password: Buffer.from(login.password, 'utf8') }),
    };
    this.#stream.write(this.#bytes(packet));
    const answer = (await this.#next('connack', 5000)) as IConnackPacket;
    const code = answer.reasonCode ?? answer.returnCode ?? 255;
    // 1: unacceptable protocol version (3.1.1 §3.2.2.3); 0x84: unsupported protocol version (5 §3.2.2.2).
    return { code, unsupported: code === 1 || code === 0x84 };
  }

  /** Subscribes at QoS 0 and counts the retained messages that come within `window` ms. */
  async subscribe(filter: string, window = 1000): Promise<MqttGrant> {
    const subscriptions = [{ topic: filter, qos: 0 as const }];
    const bytes = this.#bytes({ cmd: 'subscribe', messageId: 1, subscriptions });
    this.#stream.write(bytes);
    const answer = (await this.#next('suback', 5000)) as ISubackPacket;
    const code = Number(answer.granted[0] ?? 0x80);
    if (code >= 0x80) return { granted: false, retained: 0, topics: [] };
    const topics: string[] = [];
    let retained = 0;
    let version: string | undefined;
    const end = Date.now() + window;
    while (Date.now() < end && retained < 10_000) {
      const packet = await this.#any(end - Date.now());
      if (packet === undefined) break;
      if (packet.cmd !== 'publish' || !packet.retain) continue;
      retained += 1;
      if (topics.length < 50) topics.push(packet.topic);
      if (packet.topic === '$SYS/broker/version') version = printable(packet.payload, 80);
    }
    return { granted: true, retained, topics, ...(version === undefined ? {} : { version }) };
  }

  disconnect(): void {
    this.#stream.end(this.#bytes({ cmd: 'disconnect' }));
  }

  /** The next packet of a kind; others that may come before it are put off. */
  async #next(kind: Packet['cmd'], timeout: number): Promise<Packet> {
    const end = Date.now() + timeout;
    const early: Packet[] = [];
    for (;;) {
      const packet = await this.#any(end - Date.now());
      if (packet === undefined) throw new FaultError('timeout', `no ${kind.toUpperCase()} came in time`);
      if (packet.cmd === kind) {
        this.#packets.unshift(...early);
        return packet;
      }
      if (packet.cmd !== 'publish' || early.length > 10_000)
        throw new FaultError('malformed', `MQTT ${packet.cmd} where ${kind} must come`);
      early.push(packet);
    }
  }

  async #any(timeout: number): Promise<Packet | undefined> {
    const end = Date.now() + timeout;
    while (this.#packets.length === 0) {
      if (this.#failure !== undefined) throw new FaultError('malformed', `not MQTT: ${this.#failure.message}`);
      if (Date.now() >= end || this.#reader.left === 0) return undefined;
      const bytes = await this.#reader.burst(Math.max(1, end - Date.now()), 0);
      if (this.#reader.received > MOST) throw new FaultError('over-budget', 'the MQTT broker sends without end');
      if (bytes.length > 0) this.#parser?.parse(bytes);
      else if (this.#reader.finished) throw new FaultError('closed', 'the MQTT broker closed without an answer');
    }
    return this.#packets.shift();
  }
}
