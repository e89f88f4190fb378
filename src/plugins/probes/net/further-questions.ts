/** Questions to what was not understood: stores, directories, shares, telephony. Each asks what any client asks first. */
import { BIND_RESPONSE, ldapResult } from '../../../codecs/protocols/ldap-result.ts';
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import type { Question } from './questions.ts';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const starts = (reply: Buffer, words: RegExp): boolean => words.test(reply.subarray(0, 512).toString('latin1'));
const lineOf = (reply: Buffer): string => printable(reply.subarray(0, 256), 80).trim();

/** NEGOTIATE of SMB 1 with one dialect, `NT LM 0.12`: a server that picks it still speaks SMB 1. */
const SMB1 = hex(
  `0000002fff534d4272000000001801280000000000000000000000000000fffe00000000000c00${hexOf('\x02NT LM 0.12\0')}`,
);
/** NEGOTIATE of SMB 2 with the dialects 2.0.2, 2.1, 3.0 and 3.0.2 (MS-SMB2 §2.2.3). */
const SMB2 = hex(
  `0000006cfe534d4240000000000000000000000000000000${'00'.repeat(40)}` +
    `24000400010000000000000061737361797373617961737361797373${'00'.repeat(8)}0202100200030203`,
);
const isSmb = (reply: Buffer, kind: number): boolean =>
  reply.length >= 36 && reply[0] === 0 && reply[4] === kind && reply.subarray(5, 8).toString('latin1') === 'SMB';

/** Startup message of protocol 3.0 for a user that is none; a server that wants TLS first says so. */
const POSTGRES = hex(`0000002300030000${hexOf('user\0assay\0database\0assay\0\0')}`);

function hexOf(text: string): string {
  return latin(text).toString('hex');
}

const SIP = [
  'OPTIONS sip:assay@assay.invalid SIP/2.0',
  'Via: SIP/2.0/TCP assay.invalid;branch=z9hG4bKassay',
  'Max-Forwards: 0',
  'From: <sip:assay@assay.invalid>;tag=assay',
  'To: <sip:assay@assay.invalid>',
  'Call-ID: assay',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
];
const WEBSOCKET = [
  'GET /mqtt HTTP/1.1',
  'Host: assay.invalid',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: YXNzYXlhc3NheWFzc2F5MQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: mqtt',
];
const message = (lines: readonly string[]): Buffer => latin(`${lines.join('\r\n')}\r\n\r\n`);

/** Later ones are asked where earlier ones were not understood. */
export const FURTHER_QUESTIONS: readonly (readonly Question[])[] = [
  [
    {
      protocol: 'redis',
      bytes: latin('PING\r\n'),
      answers: (reply) => starts(reply, /^(\+PONG|-NOAUTH|-DENIED|-ERR [^\r\n]{0,80}(auth|password|permission))/i),
      tells: (reply) => ({
        inClear: true,
        ...(starts(reply, /^\+PONG/) ? { open: 'PING was answered with PONG' } : { asks: true }),
      }),
    },
    {
      protocol: 'memcached',
      bytes: latin('version\r\n'),
      // With a file of logins it takes none but `set` from strangers.
      answers: (reply) => starts(reply, /^(VERSION \d|CLIENT_ERROR unauthenticated)/),
      tells: (reply) =>
        starts(reply, /^VERSION/)
          ? { inClear: true, open: lineOf(reply), banner: lineOf(reply) }
          : { inClear: true, asks: true },
    },
    {
      protocol: 'smb',
      bytes: SMB1,
      // Word count 17 and the first dialect; an error has no words.
      answers: (reply) => isSmb(reply, 0xff) && reply.length >= 39 && reply[36] === 17 && reply.readUInt16LE(37) === 0,
      tells: () => ({ inClear: true, banner: 'SMB 1 (NT LM 0.12)' }),
    },
    {
      protocol: 'sip',
      bytes: message(SIP),
      answers: (reply) => starts(reply, /^SIP\/2\.0 \d{3} /),
      tells: (reply) => {
        const named = /^(?:server|user-agent)[ \t]*:([^\r\n]{1,120})/im.exec(reply.toString('latin1'))?.[1];
        return { inClear: true, ...(named === undefined ? {} : { banner: named.trim() }) };
      },
    },
  ],
  [
    {
      protocol: 'smb',
      bytes: SMB2,
      answers: (reply) => isSmb(reply, 0xfe),
      tells: () => ({ unsettled: 'whether its shares demand encryption', banner: 'SMB 2 or later' }),
    },
    {
      protocol: 'ldap',
      // An anonymous simple bind (RFC 4511 §4.2).
      bytes: hex('300c020101600702010304008000'),
      answers: (reply) => ldapResult(reply, BIND_RESPONSE) !== undefined,
      // 13: confidentialityRequired.
      tells: (reply) => ({ inClear: ldapResult(reply, BIND_RESPONSE) !== 13 }),
    },
    {
      protocol: 'postgresql',
      bytes: POSTGRES,
      answers: (reply) =>
        (reply.length >= 9 && reply[0] === 0x52 && reply.readUInt32BE(1) < 64) || starts(reply, /^E[\s\S]{4}SFATAL\0/),
      tells: (reply) => {
        if (reply[0] !== 0x52) return { unsettled: 'whether it takes any session outside TLS' };
        const open = reply.readUInt32BE(5) === 0;
        return { inClear: true, ...(open ? { open: 'AuthenticationOk without a password' } : { asks: true }) };
      },
    },
    {
      protocol: 'rdp',
      // Connection request that asks for standard RDP security alone (MS-RDPBCGR §2.2.1.1).
      bytes: hex('030000130ee000000000000100080000000000'),
      answers: (reply) => reply.length >= 11 && reply[0] === 3 && reply[1] === 0 && ((reply[5] ?? 0) & 0xf0) === 0xd0,
      // Type 3 refuses it: TLS is demanded.
      tells: (reply) => ({ inClear: reply.length < 19 || reply[11] !== 3, unsettled: 'what TLS it takes' }),
    },
  ],
  [
    {
      protocol: 'rpcbind',
      // NULL call of the port mapper, version 2 (RFC 5531, RFC 1833).
      bytes: hex(`8000002861737361${'00000000'}00000002000186a000000002${'00'.repeat(20)}`),
      answers: (reply) => reply.length >= 28 && reply.readUInt32BE(4) === 0x61737361 && reply.readUInt32BE(8) === 1,
      tells: () => ({ inClear: true }),
    },
    {
      protocol: 'stun',
      bytes: hex('000100002112a442617373617961737361793131'),
      answers: (reply) => reply.length >= 20 && (reply[0] ?? 0) <= 1 && reply.readUInt32BE(4) === 0x2112a442,
      tells: () => ({ unsettled: 'whether it relays (TURN) for anybody' }),
    },
    {
      protocol: 'amqp',
      bytes: latin('AMQP\0\0\x09\x01'),
      // Its own version of the header, or the method Connection.Start.
      answers: (reply) =>
        starts(reply, /^AMQP[\s\S]{4}/) ||
        (reply.length >= 12 && reply[0] === 1 && reply.readUInt32BE(7) === 0x000a_000a),
      tells: () => ({ inClear: true }),
    },
    {
      protocol: 'xmpp',
      bytes: latin(
        "<?xml version='1.0'?><stream:stream to='assay.invalid' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
      ),
      answers: (reply) => starts(reply, /^\s*(<\?xml[^>]{0,200}>\s*)?<stream:(stream|error)\b/),
      tells: () => ({ unsettled: 'whether it takes any session outside TLS' }),
    },
    {
      protocol: 'mqtt',
      bytes: message(WEBSOCKET),
      answers: (reply) => starts(reply, /^HTTP\/1\.1 101 [\s\S]*sec-websocket-protocol:\s*mqtt/i),
      tells: () => ({ banner: 'over WebSocket' }),
    },
  ],
];
