/** CoAP over TCP: greetings told apart, questions and answers framed, peers that lie about lengths survived. */
import { describe, expect, test } from 'vitest';
import { coapGet } from '../../../src/codecs/protocols/coap-message.ts';
import { CoapStream, greetsInCoap } from '../../../src/codecs/protocols/coap-stream.ts';
import { loopback } from '../../support/door.ts';
import { listen } from '../../support/peers.ts';

const SETTINGS = Buffer.from('50e12380010020', 'hex');

test.each([
  ['the settings of libcoap', SETTINGS, true],
  ['empty settings', Buffer.of(0, 0xe1), true],
  ['settings that are longer than what came', SETTINGS.subarray(0, 5), false],
  ['text that begins like it', Buffer.from('P\xe1ssword: ', 'latin1'), false],
  ['nothing', Buffer.alloc(0), false],
  ['one byte', Buffer.of(0xf0), false],
])('%s', (_what, bytes, expected) => {
  expect(greetsInCoap(bytes)).toBe(expected);
});

describe('a conversation', () => {
  const converse = async (answer: (token: Buffer) => Buffer) => {
    const peer = await listen((socket) => {
      socket.write(SETTINGS);
      let heard = Buffer.alloc(0);
      socket.on('data', (bytes) => {
        heard = Buffer.concat([heard, bytes]);
        // Settings, then the first bytes of the question: length and token length, extended length, code, token of 4.
        if (heard.length > 10) socket.write(answer(heard.subarray(5, 9)));
      });
    });
    const stream = await loopback().tcp('127.0.0.1', peer.port);
    try {
      return await new CoapStream(stream).ask(coapGet('/.well-known/core'), 1000);
    } finally {
      stream.destroy();
      await peer.stop();
    }
  };
  test('an answer of more than 268 bytes is read whole', async () => {
    const body = Buffer.from(`</${'a'.repeat(400)}>`);
    const rest = body.length + 1;
    const head = Buffer.of((14 << 4) | 4, (rest - 269) >> 8, (rest - 269) & 255, 0x45);
    const reading = await converse((token) => Buffer.concat([head, token, Buffer.of(0xff), body]));
    expect(reading).toMatchObject({ kind: 'reply', reply: { code: '2.05' }, more: false });
    expect(reading.kind === 'reply' ? Buffer.from(reading.reply.payload) : undefined).toEqual(body);
  });
  test('an answer to another question is none', async () => {
    await expect(converse(() => Buffer.from('044511223344', 'hex'))).rejects.toThrow(/no CoAP answer came/);
  });
  test('a length beyond all bounds is not waited for', async () => {
    await expect(converse(() => Buffer.from('f4ffffffff45', 'hex'))).rejects.toMatchObject({
      fault: { kind: 'over-budget' },
    });
  });
  test('a token longer than eight bytes is no CoAP', async () => {
    await expect(converse(() => Buffer.from('0f45', 'hex'))).rejects.toMatchObject({ fault: { kind: 'malformed' } });
  });
});
