/** A stream to an endpoint, inside TLS where its service is. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type Dialer, reach } from '../../../src/core/model/network.ts';

const AT = { kind: 'endpoint', host: '192.0.2.1', port: 443, transport: 'tcp' } as const;

/** A dialer whose TCP gives `plain`, and whose TLS gives `secured` or fails. */
function dialer(plain: PassThrough, secured: PassThrough | Error) {
  const calls: unknown[] = [];
  const dial = {
    async tcp(...call: unknown[]) {
      calls.push(['tcp', ...call]);
      return plain;
    },
    async tls(...call: unknown[]) {
      calls.push(['tls', ...call]);
      if (secured instanceof Error) throw secured;
      return { stream: secured };
    },
  } as unknown as Dialer;
  return { dial, calls };
}

test('without TLS the stream of TCP is it', async () => {
  const [plain, secured] = [new PassThrough(), new PassThrough()];
  const { dial, calls } = dialer(plain, secured);
  const options = { secure: false, timeout: 7 };
  expect(await reach(dial, AT, options)).toBe(plain);
  expect(calls).toEqual([['tcp', '192.0.2.1', 443, options]]);
});

test('inside TLS it is the stream of TLS over that of TCP', async () => {
  const [plain, secured] = [new PassThrough(), new PassThrough()];
  const { dial, calls } = dialer(plain, secured);
  const options = { secure: true };
  expect(await reach(dial, AT, options)).toBe(secured);
  expect(calls[1]).toEqual(['tls', plain, options]);
  expect(plain.destroyed).toBe(false);
});

test('where TLS fails, what was opened is closed', async () => {
  const plain = new PassThrough();
  const { dial } = dialer(plain, new Error('no handshake'));
  await expect(reach(dial, AT, { secure: true })).rejects.toThrow('no handshake');
  expect(plain.destroyed).toBe(true);
});
