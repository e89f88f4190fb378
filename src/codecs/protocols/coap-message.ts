/** CoAP GET requests and answers through coap-packet, and links of /.well-known/core (RFC 7252, RFC 6690). */

import { generate, type ParsedPacket, parse } from 'coap-packet';
import { chance } from '../../lib/chance.ts';

export interface CoapReply {
  /** 2.05, 4.01 … */
  readonly code: string;
  readonly payload: Uint8Array;
}
export interface CoapQuestion {
  readonly bytes: Uint8Array;
  readonly token: Buffer;
  readonly messageId: number;
}

/** A confirmable GET; `block` asks for one block of 512 bytes of a longer answer (RFC 7959). */
export function coapGet(path: string, block?: number): CoapQuestion {
  const token = chance(4, `token of CoAP ${path} ${block}`);
  const messageId = chance(2, `message of CoAP ${path} ${block}`).readUInt16BE(0);
  const segments = path.split('/').filter(Boolean);
  const options: { name: string; value: Buffer }[] = segments.map((segment) => ({
    name: 'Uri-Path',
    value: Buffer.from(decoded(segment), 'utf8'),
  }));
  if (block !== undefined && block > 0) options.push({ name: 'Block2', value: blockOption(block) });
  const bytes = generate({ code: 'GET', confirmable: true, messageId, token, options } as Parameters<
    typeof generate
  >[0]);
  return { bytes, token, messageId };
}

const blockOption = (block: number): Buffer => {
  const value = (block << 4) | 5;
  return value < 256 ? Buffer.of(value) : Buffer.of(value >> 8, value & 255);
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

export type CoapReading =
  | { readonly kind: 'reply'; readonly reply: CoapReply; readonly more: boolean }
  /** An empty acknowledgement: the answer comes later on its own. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'reset' };

/** What a datagram says to a question; undefined when it is no CoAP or answers another. */
export function readCoap(bytes: Uint8Array, question: CoapQuestion): CoapReading | undefined {
  const packet = packetOf(bytes);
  if (packet === undefined) return undefined;
  if (packet.code === '0.00') {
    if (packet.messageId !== question.messageId) return undefined;
    return packet.reset ? { kind: 'reset' } : { kind: 'wait' };
  }
  if (!packet.token.equals(question.token) || !/^[245]\.\d\d$/.test(packet.code)) return undefined;
  const block = packet.options.find((option) => String(option.name) === 'Block2')?.value;
  const more = block !== undefined && block.length > 0 && (block.at(-1)! & 8) !== 0;
  return { kind: 'reply', reply: { code: packet.code, payload: packet.payload }, more };
}

function packetOf(bytes: Uint8Array): ParsedPacket | undefined {
  try {
    return parse(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

/** Paths of a link-format document, in order, at most 100. */
export function coreLinks(payload: Uint8Array): readonly string[] {
  const text = Buffer.from(payload.subarray(0, 65_536)).toString('utf8');
  const paths = [...text.matchAll(/<(\/[^>]{0,255})>/g)].map((match) => match[1]!);
  return [...new Set(paths)].slice(0, 100);
}
