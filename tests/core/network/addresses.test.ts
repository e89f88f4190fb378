/** Names and addresses: asked once, IPv4 first, none told as none; zones are no part of an address. */
import { expect, test } from 'vitest';
import { isLoopback, isPublic } from '../../../src/core/network/address.ts';
import { createAddresses } from '../../../src/core/network/addresses.ts';
import { createDialer } from '../../../src/core/network/dialer.ts';

test('a name with several addresses is one of them for the whole run, and the others are told', async () => {
  let asked = 0;
  const resolve = createAddresses(() => {
    asked += 1;
    return Promise.resolve([
      { address: 'fe80::1', family: 6 },
      { address: '192.0.2.1', family: 4 },
      { address: '192.0.2.2', family: 4 },
      { address: '192.0.2.1', family: 4 },
    ]);
  });
  const first = await resolve('camera.local');
  expect(first).toEqual({ address: '192.0.2.1', others: ['192.0.2.2', 'fe80::1'] });
  expect(await resolve('camera.local')).toBe(first);
  expect(asked).toBe(1);
});

test('an address is itself and nobody is asked', async () => {
  const resolve = createAddresses(() => Promise.reject(new Error('asked')));
  for (const address of ['127.0.0.1', '::1', 'fe80::1%eth0'])
    expect(await resolve(address)).toEqual({ address, others: [] });
});

test('a name without an address is unreachable, for connections, datagrams and sweeps', async () => {
  const dial = createDialer({ hosts: ['no-such-host.invalid'], pace: 'fast', authorized: true });
  const expected = { fault: { kind: 'unreachable', message: 'the name no-such-host.invalid has no address' } };
  await expect(dial.tcp('no-such-host.invalid', 80)).rejects.toMatchObject(expected);
  await expect(dial.udp('no-such-host.invalid', 80)).rejects.toMatchObject(expected);
  await expect(dial.sweep('no-such-host.invalid', [80, 81])).rejects.toMatchObject(expected);
});

test('link-local addresses with a zone are not public', () => {
  expect(isPublic('fe80::1%eth0')).toBe(false);
  expect(isPublic('2600::1%eth0')).toBe(true);
  expect(isLoopback('::1%lo')).toBe(true);
});
