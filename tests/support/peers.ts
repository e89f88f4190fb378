/** Scripted peers on loopback: servers that answer with bytes of the test's choice, odd ones among them. */
import { createServer, type Server, type Socket } from 'node:net';

export interface Peer {
  readonly port: number;
  /** Connections taken so far. */
  readonly taken: () => number;
  stop(): Promise<void>;
}

/** Listens on a free port of loopback; every connection is handed to `serve`. */
export async function listen(serve: (socket: Socket) => void): Promise<Peer> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server: Server = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    taken: () => taken,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Peers that every probe must survive, by what they do. */
export const ODD_PEERS: { readonly [what: string]: (socket: Socket) => void } = {
  'says nothing': () => {},
  'closes at once': (socket) => socket.destroy(),
  'sends an endless banner': (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'A'))) {
        /* as fast as the reader takes it */
      }
    };
    socket.on('drain', more);
    more();
  },
  'sends one byte at a time': (socket) => {
    const timer = setInterval(() => socket.write('S'), 20);
    socket.on('close', () => clearInterval(timer));
  },
  'sends noise': (socket) => {
    let state = 1;
    const noise = Buffer.alloc(4096);
    for (let i = 0; i < noise.length; i += 1) {
      state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
      noise[i] = state >> 16;
    }
    socket.write(noise);
  },
  'speaks HTTP': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  'closes amid a message': (socket) => {
    socket.write('SSH-2.0-x\r\n');
    socket.end(Buffer.from([0, 0, 4, 0, 5, 20, 1, 2, 3]));
  },
};
