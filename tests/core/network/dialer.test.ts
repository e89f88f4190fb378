import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isPublic } from '../../../src/core/network/address.ts';
import { createDialer } from '../../../src/core/network/dialer.ts';
import { NOBODY } from '../../../src/core/network/nobody.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

const serve = (handler: (socket: Socket) => void): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => socket.destroy());
      handler(socket);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });

const dialer = () => createDialer({ hosts: ['127.0.0.1', '8.8.8.8'], pace: 'fast', authorized: false });
const request = (port: number, more: object = {}) => ({ host: '127.0.0.1', port, tls: false, timeout: 1500, ...more });

describe('the door', () => {
  test('without a host there is none', async () => {
    await expect(NOBODY.tcp('127.0.0.1', 80)).rejects.toMatchObject({ fault: { kind: 'denied' } });
    await expect(NOBODY.sweep('127.0.0.1', [80])).rejects.toMatchObject({ fault: { kind: 'denied' } });
  });

  test('a host that is not of the target is refused', async () => {
    await expect(dialer().tcp('127.0.0.2', 80)).rejects.toMatchObject({ fault: { kind: 'denied' } });
  });
  test('a public address needs leave', async () => {
    await expect(dialer().tcp('8.8.8.8', 53)).rejects.toMatchObject({ fault: { kind: 'denied' } });
  });
  test('a closed port is refused', async () => {
    const port = await serve(() => undefined);
    servers.splice(0)[0]?.close();
    await expect(dialer().tcp('127.0.0.1', port)).rejects.toMatchObject({ fault: { kind: 'refused' } });
  });
  test.each([
    ['127.0.0.1', false],
    ['192.168.1.7', false],
    ['fe80::1', false],
    ['camera.local', false],
    ['camera', false],
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['vendor.com', true],
  ])('%s public: %s', (host, expected) => {
    expect(isPublic(host)).toBe(expected);
  });
});

describe('sweep', () => {
  test('open and closed ports of loopback are told apart and nothing connects to itself', async () => {
    const port = await serve(() => undefined);
    const ports = Array.from({ length: 300 }, (_, index) => (port > 60_000 ? port - index : port + index));
    const result = await dialer().sweep('127.0.0.1', ports);
    expect(result.open.map((one) => one.port)).toContain(port);
    expect(result.open.length + result.closed + result.silent).toBe(300);
    expect(result.answered).toBe(true);
  });
});

describe('http', () => {
  const answering = (text: string) => serve((socket) => socket.once('data', () => socket.end(text)));
  test('a plain reply with length', async () => {
    const port = await answering('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nhello');
    const reply = await dialer().http(request(port));
    expect({ status: reply.status, body: Buffer.from(reply.body).toString(), server: reply.headers['server'] }).toEqual(
      { status: 200, body: 'he', server: ['x'] },
    );
  });
  test('a chunked reply is joined', async () => {
    const port = await answering(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    expect(Buffer.from((await dialer().http(request(port))).body).toString()).toBe('abcde');
  });
  test('a space before the colon and bare line feeds are told and read', async () => {
    const port = await answering('HTTP/1.0 401 Unauthorized\nWWW-Authenticate : Basic realm="x"\n\n');
    const reply = await dialer().http(request(port));
    expect(reply.headers['www-authenticate']).toEqual(['Basic realm="x"']);
    expect(reply.oddities.length).toBe(2);
  });
  test('an interim answer before the true one is passed over, and endless ones end', async () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    const port = await answering(
      `${interim}HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 401 no\r\nContent-Length: 2\r\n\r\nno`,
    );
    const reply = await dialer().http(request(port));
    expect([reply.status, Buffer.from(reply.body).toString()]).toEqual([401, 'no']);
    const endless = await answering(interim.repeat(50));
    expect((await dialer().http(request(endless))).status).toBe(100);
  });
  test('HTTP/0.9 is read as a body', async () => {
    const port = await answering('<html>old</html>');
    expect((await dialer().http(request(port))).oddities).toEqual(['no status line (HTTP/0.9)']);
  });
  test('what is no HTTP is malformed, silence is a timeout, a hang-up is closed', async () => {
    const noise = await answering('\u0001\u0002\u0003');
    const silent = await serve(() => undefined);
    const shut = await serve((socket) => socket.destroy());
    await expect(dialer().http(request(noise))).rejects.toMatchObject({ fault: { kind: 'malformed' } });
    await expect(dialer().http(request(silent, { timeout: 200 }))).rejects.toMatchObject({
      fault: { kind: 'timeout' },
    });
    await expect(dialer().http(request(shut))).rejects.toMatchObject({ fault: { kind: 'closed' } });
  });
  test('an endless body stops at the limit', async () => {
    const port = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x61)));
      };
      socket.on('drain', pour);
      pour();
    });
    const reply = await dialer().http(request(port, { limit: 100_000 }));
    expect({ size: reply.body.length, truncated: reply.truncated }).toEqual({ size: 100_000, truncated: true });
  });
  test('one byte at a time is read all the same', async () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc';
    const port = await serve((socket) => {
      let at = 0;
      const timer = setInterval(() => {
        if (at < text.length && !socket.destroyed) socket.write(text[at++] ?? '');
        else clearInterval(timer);
      }, 1);
    });
    expect(Buffer.from((await dialer().http(request(port))).body).toString()).toBe('abc');
  });
});
