/** One question for each protocol whose servers wait for the client to speak, and whether an answer is that protocol's. */

/** What an answer tells beside the protocol. */
export interface Told {
  /** It took a session outside TLS, as far as it was spoken. */
  readonly inClear?: boolean;
  /** What the answer leaves open of how data travel. */
  readonly unsettled?: string;
  /** It serves without a login: how that shows. */
  readonly open?: string;
  /** It was seen to demand a login. */
  readonly asks?: true;
  readonly banner?: string;
}

export interface Question {
  readonly protocol:
    | 'mqtt'
    | 'rtsp'
    | 'adb'
    | 'gdb'
    | 'dns'
    | 'modbus'
    | 'redis'
    | 'memcached'
    | 'smb'
    | 'ldap'
    | 'postgresql'
    | 'rdp'
    | 'sip'
    | 'rpcbind'
    | 'stun'
    | 'amqp'
    | 'xmpp';
  readonly bytes: Buffer;
  answers(reply: Buffer): boolean;
  /** Of an answer that is the protocol's. */
  tells?(reply: Buffer): Told;
  /** Asked on these ports only: the question could do harm, or mean nothing, elsewhere. */
  readonly ports?: readonly number[];
  /** Its servers take one client at a time. */
  readonly alone?: boolean;
  /** Milliseconds between parts of an answer, where it comes in several; 30 unless said. */
  readonly quiet?: number;
}

/** CONNECT of MQTT 3.1.1 with a clean session and the client identifier `assay`. */
const MQTT_CONNECT = Buffer.from('101100044d5154540402003c00056173736179', 'hex');

/** ADB message: command, two arguments, length, checksum, command inverted; little-endian. */
function adbConnect(): Buffer {
  const banner = Buffer.from('host::\0', 'latin1');
  const command = Buffer.from('CNXN', 'latin1').readUInt32LE(0);
  const head = Buffer.alloc(24);
  head.writeUInt32LE(command, 0);
  head.writeUInt32LE(0x0100_0000, 4);
  head.writeUInt32LE(4096, 8);
  head.writeUInt32LE(banner.length, 12);
  head.writeUInt32LE(
    banner.reduce((sum, byte) => sum + byte, 0),
    16,
  );
  head.writeUInt32LE((command ^ 0xffff_ffff) >>> 0, 20);
  return Buffer.concat([head, banner]);
}

/** version.bind, class CHAOS, over TCP: a length, then the message (RFC 1035 §4.2.2). */
const DNS_QUERY = Buffer.from('001ea55a00000001000000000000', 'hex');
const DNS_NAME = Buffer.from('0776657273696f6e0462696e640000100003', 'hex');

export const QUESTIONS: readonly Question[] = [
  {
    protocol: 'mqtt',
    bytes: MQTT_CONNECT,
    answers: (reply) => reply.length >= 4 && reply[0] === 0x20 && reply[1] === 2 && (reply[3] ?? 255) <= 5,
  },
  {
    protocol: 'rtsp',
    bytes: Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: assay\r\n\r\n', 'latin1'),
    answers: (reply) => /^RTSP\/\d\.\d \d{3}/.test(reply.subarray(0, 16).toString('latin1')),
  },
  {
    protocol: 'adb',
    bytes: adbConnect(),
    answers: (reply) => /^(CNXN|AUTH|STLS)/.test(reply.subarray(0, 4).toString('latin1')) && reply.length >= 24,
  },
  {
    protocol: 'gdb',
    bytes: Buffer.from('$qSupported#37', 'latin1'),
    answers: (reply) => /^\+?\$[^#]{0,4000}#[0-9a-f]{2}/i.test(reply.toString('latin1')),
    alone: true,
    // The acknowledgement comes first.
    quiet: 200,
  },
  {
    protocol: 'dns',
    bytes: Buffer.concat([DNS_QUERY, DNS_NAME]),
    // The same identifier, and the bit that marks a response.
    answers: (reply) => reply.length >= 14 && reply.readUInt16BE(2) === 0xa55a && ((reply[4] ?? 0) & 0x80) !== 0,
  },
  {
    protocol: 'modbus',
    // Read Device Identification, basic stream (MODBUS Application Protocol §6.21).
    bytes: Buffer.from('5aa50000000501' + '2b0e0100', 'hex'),
    answers: (reply) =>
      reply.length >= 9 &&
      reply.readUInt16BE(0) === 0x5aa5 &&
      reply.readUInt16BE(2) === 0 &&
      (reply[7] ?? 0) % 128 === 0x2b,
    tells: () => ({ inClear: true, open: 'Read Device Identification was answered; the protocol knows no login' }),
    ports: [502],
  },
];
